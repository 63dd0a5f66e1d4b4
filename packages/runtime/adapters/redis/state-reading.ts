/** Reads a partition state, or its changes, as a consistent checkpoint while commits continue. */

import { randomUUID } from 'node:crypto'
import { CopyStopped } from '../../pipeline/errors.ts'
import type { OutboxEntry, RememberedFailure, StateKey } from '../../pipeline/model.ts'
import type { CheckpointPages, CheckpointPart, Reading } from '../../pipeline/recovery/checkpoints.ts'
import { ID_BYTES } from '../../pipeline/recovery/id-bytes.ts'
import type { RedisClient } from './client.ts'
import { unpackFailureBucket } from './failure-packing.ts'
import { changesKeyOf, keysOf } from './keys.ts'
import { LAYOUT } from './layout.ts'
import { packed } from './message-pack.ts'
import { CHANGES, lua, PARTITION_STATE, script } from './scripts.ts'
import { StatePages } from './state-pages.ts'
import { checkpointMetaOf, stateMetaOf } from './state-reader.ts'

export const BEGIN_CHECKPOINT = script(PARTITION_STATE, CHANGES, lua('begin-checkpoint'))
export const READ_CHANGES = script(PARTITION_STATE, CHANGES, lua('read-changes'))
export const END_CHECKPOINT = script(PARTITION_STATE, CHANGES, lua('end-checkpoint'))

/** Maximum number of passes over concurrent changes before the checkpoint is postponed. Each pass finds fewer changes. */
const PASSES = 25
/** Number of entities per call, and number of blocks of ids per call. */
const ENTITIES = 500
const BLOCKS = 20

type Reply = Buffer | null
type Last = readonly [
  generation: number,
  meta: readonly Buffer[],
  entities: readonly Buffer[],
  states: readonly Reply[],
  timers: readonly Reply[],
  ids: readonly Buffer[],
  outbox: readonly Buffer[],
  context: readonly Buffer[],
  failures: readonly Buffer[],
  hasFailures: number,
]

export class RedisReading implements Reading {
  readonly #client: RedisClient
  readonly #state: StateKey
  readonly #isWhole: boolean
  readonly #changes: string
  /** Start of the tracked changes: the name of a checkpoint, or of this run. */
  #since: string
  /** Last generation that was read. */
  #read = 0

  /**
   * Creates a reading of a partition state.
   *
   * @param since `takenAtMs` of the checkpoint since which changes are tracked
   */
  constructor(client: RedisClient, state: StateKey, since: number | undefined, scope: 'whole' | 'changes') {
    this.#client = client
    this.#state = state
    this.#since = String(since)
    this.#isWhole = scope === 'whole'
    this.#changes = changesKeyOf(state)
  }

  /**
   * Pages of the checkpoint. All large parts are read first. Then concurrent changes are read repeatedly, until one script can
   * return the remaining changes together with the metadata. The checkpoint contains the state at the time of this script call.
   */
  get pages(): CheckpointPages {
    return this.#pages()
  }

  async *#pages(): AsyncGenerator<readonly CheckpointPart[]> {
    if (this.#isWhole) {
      await this.#begin()
      yield* new StatePages(this.#client).large(this.#state)
    } else {
      const from = await this.#client.run(redis => redis.hget(this.#changes, 'from'))
      this.#read = Number(from) - 1
    }
    for (let pass = 1; pass <= PASSES; pass += 1) {
      const reply = await this.#ask()
      if (typeof reply !== 'number') {
        yield* this.#last(reply)
        return
      }
      for (let generation = this.#read + 1; generation <= reply; generation += 1)
        yield* this.#generation(generation)
      this.#read = reply
    }
    throw new CopyStopped('moved', 'commits change the partition state faster than it can be read')
  }

  async stored(takenAtMs: number): Promise<void> {
    const request = { since: this.#since, generation: this.#read, taken: String(takenAtMs) }
    await this.#client.eval(END_CHECKPOINT, [keysOf(this.#state).meta, this.#changes], [packed(request)])
  }

  async #begin(): Promise<void> {
    const request = { run: randomUUID(), since: this.#since }
    const keys = [keysOf(this.#state).meta, this.#changes]
    const [since, read] = (await this.#client.eval(BEGIN_CHECKPOINT, keys, [packed(request)])) as [
      Buffer,
      number,
    ]
    this.#since = String(since)
    this.#read = read
  }

  async #ask(): Promise<number | Last> {
    const { meta, states, timers, outbox, failures, context } = keysOf(this.#state)
    const request = { since: this.#since, read: this.#read, isWhole: this.#isWhole ? 1 : 0 }
    const keys = [meta, states, timers, outbox, failures, context, this.#changes]
    const reply = await this.#client.eval(READ_CHANGES, keys, [packed(request)])
    if (typeof reply === 'number' || Array.isArray(reply)) return reply as unknown as number | Last
    throw new CopyStopped('moved', 'the changes since the last checkpoint are no longer known')
  }

  async *#generation(generation: number): CheckpointPages {
    const key = `${this.#changes}:${generation}`
    const { states, timers } = keysOf(this.#state)
    const [entities, ids] = await this.#client.run(redis =>
      redis.hmget(this.#changes, `entities:${generation}`, `ids:${generation}`),
    )
    const found = new Set<string>()
    let cursor = '0'
    do {
      const [next, page] = await this.#client.run(redis => redis.sscanBuffer(key, cursor, 'COUNT', ENTITIES))
      const names = page.map(String).filter(name => !found.has(name))
      for (const name of names) found.add(name)
      if (names.length > 0) {
        const [own, ownTimers] = await this.#client.run(redis =>
          Promise.all([redis.hmgetBuffer(states, ...names), redis.hmgetBuffer(timers, ...names)]),
        )
        yield entityParts(names, own, ownTimers)
      }
      cursor = String(next)
    } while (cursor !== '0')
    let bytes = 0
    const blocks = Math.ceil(Number(ids ?? 0) / LAYOUT.changes.idsOfBlock)
    for (let first = 0; first < blocks; first += BLOCKS) {
      const numbers = Array.from(
        { length: Math.min(BLOCKS, blocks - first) },
        (_, index) => `${first + index}`,
      )
      const some = await this.#client.run(redis => redis.hmgetBuffer(`${key}:ids`, ...numbers))
      const block = Buffer.concat(some.filter(one => one !== null))
      bytes += block.length
      yield [{ kind: 'ids', bytes: block }]
    }
    if (found.size === Number(entities ?? 0) && bytes === Number(ids ?? 0) * ID_BYTES) return
    // The next attempt reads the whole state.
    await this.#client.run(redis => redis.hset(this.#changes, 'since', 'lost'))
    throw new CopyStopped('moved', 'the server has evicted some of the changes since the last checkpoint')
  }

  *#last(reply: Last): Generator<CheckpointPart[]> {
    const [generation, fields, entities, states, timers, ids, outbox, context, failures, hasFailures] = reply
    this.#read = generation
    const meta = stateMetaOf(
      Object.fromEntries(inPairs(fields).map(([name, value]) => [`${name}`, `${value}`])),
    )
    yield entityParts(entities.map(String), states, timers)
    const idsBeforeMs = meta.oldestIds * LAYOUT.ids.generationMs
    const replaced = ['outbox', ...(hasFailures === 1 ? ['failures'] : [])] as const
    yield [
      { kind: 'gone', gone: { idsBeforeMs, ...(this.#isWhole ? {} : { whole: replaced as ['outbox'] }) } },
      ...ids.map(bytes => ({ kind: 'ids', bytes }) as const),
      ...inPairs(outbox).map(([, json]) => ({ kind: 'outbox', outbox: parsed<OutboxEntry>(json) }) as const),
      ...failuresIn(failures).map(failure => ({ kind: 'failure', failure }) as const),
      ...contextIn(context),
      { kind: 'meta', meta: checkpointMetaOf(meta) },
    ]
  }
}

function entityParts(
  entities: readonly string[],
  states: readonly Reply[],
  timers: readonly Reply[],
): CheckpointPart[] {
  const parts: CheckpointPart[] = []
  const gone = { states: [] as string[], timers: [] as string[] }
  for (const [index, entity] of entities.entries()) {
    const [state, own] = [states[index], timers[index]]
    if (state) parts.push({ kind: 'state', entity, state: String(state) })
    else gone.states.push(entity)
    if (own) parts.push({ kind: 'timers', entity, timers: parsed(own) })
    else gone.timers.push(entity)
  }
  return gone.states.length + gone.timers.length > 0 ? [{ kind: 'gone', gone }, ...parts] : parts
}

/** Returns only the latest attempt of each failure, because an earlier attempt would reopen a closed failure. */
function failuresIn(buckets: readonly Buffer[]): RememberedFailure[] {
  const found = new Map<string, RememberedFailure>()
  for (const [group, bucket] of inPairs(buckets))
    for (const failure of unpackFailureBucket(bucket, Number(group)))
      if (!found.has(failure.id)) found.set(failure.id, failure)
  return [...found.values()]
}

function contextIn(fields: readonly Buffer[]): CheckpointPart[] {
  const context = Object.fromEntries(inPairs(fields).map(([name, value]) => [`${name}`, `${value}`]))
  const { hash, content } = context
  return hash === undefined || content === undefined
    ? []
    : [{ kind: 'context', context: { hash, json: content } }]
}

function inPairs(flat: readonly Buffer[]): [Buffer, Buffer][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[2 * index] as Buffer,
    flat[2 * index + 1] as Buffer,
  ])
}

function parsed<T>(json: Buffer): T {
  return JSON.parse(json.toString()) as T
}
