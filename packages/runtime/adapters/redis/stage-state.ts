/** Stages the new contents of a partition state, page by page, while the live state remains in use. */

import { randomUUID } from 'node:crypto'
import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { measureStoredHold } from '../../pipeline/model/hold.ts'
import type { StateKey, Version } from '../../pipeline/model/partition-state.ts'
import { bytesOfIds, oldestInBytes } from '../../pipeline/replacing/id-bytes.ts'
import { notReplaced, type Staged } from '../../pipeline/replacing/replaceable-states.ts'
import type { StateMeta, StatePages, StatePart } from '../../pipeline/replacing/state-parts.ts'
import type { RedisClient } from './client.ts'
import { packRestoredFailures } from './failure-packing.ts'
import { packIdBytes } from './id-packing.ts'
import { buildPrefix } from './keys.ts'
import { computeGeneration, type MetaField, SEQUENCE } from './layout.ts'
import { Bytes, pack } from './message-pack.ts'
import { type AddRequest, earliest, type StageRequest } from './script-requests.ts'
import { EVICTED_PART, lua, PARTITION_STATE, script } from './scripts.ts'

/** Lua code at the beginning of each script that works on staged contents. */
export const STAGED_STATE = [PARTITION_STATE, lua('state-parts'), lua('staged-state')]

const STAGE_STATE = script(...STAGED_STATE, EVICTED_PART, lua('stage-state'))
const ADD_TO_STAGED = script(...STAGED_STATE, lua('add-to-staged'))

/** Upper bounds for the data that one script adds. The server needs a few milliseconds to add this much. */
const ADDED_FIELDS = 500
const ADDED_BYTES = 512 * 1024

/** Implements `ReplaceableStates.stage`. */
export async function stage(
  client: RedisClient,
  partitionState: StateKey,
  pages: StatePages,
): Promise<Staged> {
  const token = randomUUID()
  await requestStage(client, partitionState, { act: 'begin', token })
  try {
    const { epoch } = await addPages(client, partitionState, token, pages)
    await requestStage(client, partitionState, { act: 'end', token })
    return { token, above: epoch }
  } catch (error) {
    // If this fails as well, the next run removes them.
    await requestStage(client, partitionState, { act: 'remove', token }).catch(() => {})
    throw error
  }
}

/** Adds all parts of the pages. Returns the version in the pages. */
async function addPages(
  client: RedisClient,
  partitionState: StateKey,
  token: string,
  pages: StatePages,
): Promise<Version> {
  const add = async (fields: Iterable<Field>) => {
    for (const some of splitFields(fields)) {
      const request: AddRequest = { token, parts: buildParts(some) }
      const reply = await client.eval(ADD_TO_STAGED, [buildPrefix(partitionState)], [pack(request)])
      if (typeof reply !== 'number') throw notReplaced('overtaken')
    }
  }
  const tail = new MetaFields()
  for await (const page of pages) {
    await add(listFields(page))
    tail.note(page)
  }
  await add(tail.fields())
  return tail.version
}

/**
 * Begins, ends or removes the staged contents.
 *
 * @throws CopyStopped if another run has begun to stage contents, or if the server has lost a part
 */
export async function requestStage(
  client: RedisClient,
  partitionState: StateKey,
  request: StageRequest,
): Promise<void> {
  const reply = await client.eval(STAGE_STATE, [buildPrefix(partitionState)], [pack(request)])
  if (typeof reply === 'number') return
  throw notReplaced(String(reply) as 'overtaken' | 'incomplete')
}

/**
 * A field to add: the last part of its key, its name and its value. For the sorted set `due`, name and value are threshold and
 * entity.
 */
type Field = readonly [name: string, field: string, value: string]

function* listFields(page: readonly StatePart[]): Generator<Field> {
  const ids: Buffer[] = []
  for (const part of page) {
    if (part.kind === 'state') yield ['states', part.entity, part.state]
    else if (part.kind === 'timers') {
      yield ['timers', part.entity, JSON.stringify(part.timers)]
      yield ['due', earliest(part.timers), part.entity]
    } else if (part.kind === 'outbox') yield ['outbox', part.outbox.position, JSON.stringify(part.outbox)]
    else if (part.kind === 'context') {
      yield ['context', 'hash', part.context.hash]
      yield ['context', 'content', part.context.json]
    } else if (part.kind === 'ids') ids.push(part.bytes)
    else if (part.kind === 'id') ids.push(bytesOfIds([part.id]))
  }
  // Write all ids of the page at once, because each bucket may occur only once in a request.
  for (const [generation, buckets] of packIdBytes(Buffer.concat(ids)))
    for (let at = 0; at < buckets.length; at += 2)
      yield [`ids:${generation}`, buckets[at] as string, buckets[at + 1] as string]
}

/**
 * Returns the parts of a request: alternating fields and values, by the last part of the key. Strings of ids and failures contain
 * bytes.
 */
function buildParts(fields: readonly Field[]): AddRequest['parts'] {
  const parts = [...Map.groupBy(fields, ([name]) => name)].map(([name, own]) => {
    const inTurn = own.flatMap(([, field, value]) => [field, value])
    return [name, /^(ids|failures)\b/.test(name) ? new Bytes(inTurn) : inTurn] as const
  })
  return new Map(parts)
}

/**
 * Metadata that is known only after all pages: the generation of the oldest ids, the size of each group's failures, and the size of
 * parked events.
 */
class MetaFields {
  #meta: StateMeta | undefined
  #oldestIdMs = Infinity
  readonly #failures: RememberedFailure[] = []
  /** Size of parked events by entity, in bytes. An entity may occur more than once. */
  readonly #parkedBytes = new Map<string, number>()

  note(page: readonly StatePart[]): void {
    for (const part of page) {
      if (part.kind === 'meta') this.#meta = part.meta
      else if (part.kind === 'id') this.#oldestIdMs = Math.min(this.#oldestIdMs, part.id.appliedAtMs)
      else if (part.kind === 'ids') this.#oldestIdMs = Math.min(this.#oldestIdMs, oldestInBytes(part.bytes))
      else if (part.kind === 'failure') this.#failures.push(part.failure)
      else if (part.kind === 'state') this.#noteParked(part.entity, part.state)
    }
  }

  get version(): Version {
    return this.#known.version
  }

  /**
   * Yields the fields of the metadata, as `commit.lua` writes them but without the epoch. Also yields the failures, because each
   * group of failures stores its size.
   */
  *fields(): Generator<Field> {
    const { version, clock, appliedDigest, emitted, tally } = this.#known
    const { failuresFromMs, newEntities, origin, sequences = {} } = this.#known
    const { nowMs } = clock
    const failures = packRestoredFailures(this.#failures)
    yield* failures.fields
    const fields: Partial<Record<MetaField, number | string | undefined>> = {
      appliedOffset: version.appliedOffset,
      fired: version.fired,
      emitted,
      parkedBytes: [...this.#parkedBytes.values()].reduce((sum, bytes) => sum + bytes, 0),
      newEntities,
      clock: nowMs,
      last: clock.lastAppendMs,
      highest: clock.highestAppendMs,
      digest: appliedDigest,
      // Oldest generation of ids. Later commits remove expired generations, beginning with this one.
      oldest: computeGeneration(Math.min(this.#oldestIdMs, nowMs)),
      failureBytes: failures.bytes,
      failuresFrom: failuresFromMs,
      origin,
    }
    for (const [field, value] of Object.entries({ ...fields, ...tally }))
      if (value !== undefined) yield ['meta', field, String(value)]
    for (const [origin, sequence] of Object.entries(sequences)) yield ['meta', SEQUENCE + origin, sequence]
  }

  #noteParked(entity: string, stored: string): void {
    const bytes = measureStoredHold(stored)
    if (bytes > 0) this.#parkedBytes.set(entity, bytes)
    else this.#parkedBytes.delete(entity)
  }

  get #known(): StateMeta {
    if (!this.#meta) throw new TypeError('the pages of a state must contain its version')
    return this.#meta
  }
}

/** Divides fields into a few large arguments, each of which takes the server a few milliseconds. */
function* splitFields(fields: Iterable<Field>): Generator<Field[]> {
  let some: Field[] = []
  let bytes = 0
  for (const field of fields) {
    some.push(field)
    bytes += field[1].length + field[2].length
    if (some.length < ADDED_FIELDS && bytes < ADDED_BYTES) continue
    yield some
    some = []
    bytes = 0
  }
  if (some.length > 0) yield some
}
