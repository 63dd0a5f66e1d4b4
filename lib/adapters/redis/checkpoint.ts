/** Takes a slot as a whole, and puts one back: a checkpoint, from whose mark the log can be read on. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type {
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  Slot,
  StoredTimer,
  Version,
} from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { FAILURE_GENERATION_MS, GENERATION_MS, generationOf } from './generations.ts'
import { keysOf, stagedKeysOf } from './keys.ts'
import { bucketsOf, earliest, packList } from './packing.ts'
import { BEGIN_STAGING, STAGE_SLOT, SWITCH_SLOT } from './scripts.ts'
import { gathered, type SlotMeta, SlotReader } from './slot-reader.ts'

/** All that a slot holds. */
export interface Checkpoint {
  readonly version: Version
  readonly clock: LogClock
  readonly emitted: number
  readonly tally: Readonly<Record<string, number>>
  /** As JSON. */
  readonly states: ReadonlyMap<string, string>
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly outbox: readonly OutboxEntry[]
  /** Of one generation, the newest of a bucket first. */
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
}

/** What a consumer has before its first record. */
export const NOTHING: Checkpoint = {
  version: { epoch: 0, mark: -1, fired: 0 },
  clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
  emitted: 0,
  tally: {},
  states: new Map(),
  timers: new Map(),
  outbox: [],
  ids: [],
  failures: [],
}

/** How often a slot that goes on meanwhile is read again. */
export const ATTEMPTS = 20
/** What one script lays ready: a few milliseconds of the server's time. */
const STAGED_FIELDS = 500
const STAGED_BYTES = 512 * 1024

/** The contents were not switched over: the slot is what it was. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused'
  readonly why: 'overtaken' | 'incomplete'

  constructor(why: RestoreRefused['why']) {
    super(`the slot was not replaced: ${why}`)
    this.why = why
  }
}

export interface Replaced {
  readonly epoch: number
  /** The mark at which the slot stood until then. */
  readonly mark: number
}

export class SlotCheckpoints {
  readonly #client: RedisClient
  readonly #reader: SlotReader

  constructor(client: RedisClient) {
    this.#client = client
    this.#reader = new SlotReader(client)
  }

  /**
   * The slot as it was at one moment, although its consumer goes on: every commit changes the version, so what was read
   * between two looks at the same version belongs together. A settle does not change it; what it takes out of the outbox
   * is published, and a checkpoint may have it or not.
   *
   * @returns `moving` where the slot went on during each of the attempts
   */
  async take(slot: Slot): Promise<Checkpoint | 'moving'> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const before = await this.#reader.meta(slot)
      const checkpoint = await this.#read(slot, before)
      if (isDeepStrictEqual(before, await this.#reader.meta(slot))) return checkpoint
    }
    return 'moving'
  }

  /**
   * Replaces all that the slot holds, or nothing of it. The epoch rises above the present one and the checkpoint's, so
   * that no invocation commits what it computed from anything else.
   *
   * @throws RestoreRefused where somebody else began to replace the same slot, or the server lost a part meanwhile
   */
  async put(slot: Slot, checkpoint: Checkpoint): Promise<Replaced> {
    const { token: tokenKey, names, staged, slot: prefix } = stagedKeysOf(slot)
    const keys = [tokenKey, names, staged]
    const token = randomUUID()
    await this.#client.eval(BEGIN_STAGING, keys, [token])
    let count = 0
    for (const fields of pages(fieldsOf(checkpoint))) {
      count += fields.length
      const reply = await this.#client.eval(STAGE_SLOT, keys, [token, packList(fields.flat())])
      if (reply !== 1) throw new RestoreRefused('overtaken')
    }
    const { meta, states, timers, due, outbox, ids, failures } = keysOf(slot)
    const reply = await this.#client.eval(
      SWITCH_SLOT,
      [meta, states, timers, due, outbox, ids, failures, ...keys, prefix],
      [token, count, checkpoint.version.epoch, GENERATION_MS, FAILURE_GENERATION_MS],
    )
    if (!Array.isArray(reply)) throw new RestoreRefused(String(reply) as RestoreRefused['why'])
    const [epoch, mark] = reply as [number, number]
    return { epoch, mark }
  }

  async #read(slot: Slot, meta: SlotMeta): Promise<Checkpoint> {
    const reader = this.#reader
    const { version, clock, emitted, tally } = meta
    const outbox = await gathered(reader.outbox(slot), ({ position }) => position)
    return {
      version,
      clock,
      emitted,
      tally,
      states: new Map(await gathered(reader.states(slot), ([entity]) => entity)),
      timers: new Map(await gathered(reader.timers(slot), ([entity]) => entity)),
      outbox: outbox.sort((a, b) => (a.position < b.position ? -1 : 1)),
      ids: await gathered(reader.ids(slot, meta), ({ id }) => id),
      failures: await gathered(reader.failures(slot, meta), ({ id }) => id),
    }
  }
}

/** The last part of a key, a field of it, and its value; of `due`, entity and threshold. */
type Field = [name: string, field: string | Buffer, value: string | Buffer]

function* fieldsOf(checkpoint: Checkpoint): Generator<Field> {
  const { states, timers, outbox, ids, failures } = checkpoint
  for (const [field, value] of metaOf(checkpoint)) yield ['meta', field, String(value)]
  for (const [entity, json] of states) yield ['states', entity, json]
  for (const [entity, own] of timers) {
    yield ['timers', entity, JSON.stringify(own)]
    yield ['due', entity, String(earliest(own))]
  }
  for (const entry of outbox) yield ['outbox', entry.position, JSON.stringify(entry)]
  for (const [generation, buckets] of bucketsOf(ids.toReversed()))
    for (const [name, bucket] of buckets)
      yield [`ids:${generation}`, Buffer.from(name, 'latin1'), Buffer.from(bucket, 'latin1')]
  for (const failure of failures)
    yield [
      `failures:${generationOf(failure.failedAtMs, FAILURE_GENERATION_MS)}`,
      failure.id,
      JSON.stringify(failure),
    ]
}

/** As `commit-slot.lua` writes it, but for the epoch. */
function metaOf({ version, clock, emitted, tally, ids, failures }: Checkpoint): [string, number][] {
  const fields: [string, number | undefined][] = [
    ['mark', version.mark],
    ['fired', version.fired],
    ['emitted', emitted],
    ['clock', clock.nowMs],
    ['last', clock.lastAppendMs],
    ['highest', clock.highestAppendMs],
    ['oldest', oldest(clock, GENERATION_MS, ids, ({ appliedAtMs }) => appliedAtMs)],
    ['oldestFailures', oldest(clock, FAILURE_GENERATION_MS, failures, ({ failedAtMs }) => failedAtMs)],
    ...Object.entries(tally),
  ]
  return fields.filter((field): field is [string, number] => field[1] !== undefined)
}

/** The oldest generation that holds something: from there on, commits take away what has become too old. */
function oldest<T>(
  { nowMs }: LogClock,
  lengthMs: number,
  all: readonly T[],
  clockOf: (one: T) => number,
): number {
  const earliestMs = all.reduce((earliest, one) => Math.min(earliest, clockOf(one)), nowMs)
  return generationOf(earliestMs, lengthMs)
}

/** Few and large arguments, each of which a server takes in a few milliseconds. */
function* pages(fields: Iterable<Field>): Generator<Field[]> {
  let page: Field[] = []
  let bytes = 0
  for (const field of fields) {
    page.push(field)
    bytes += field[1].length + field[2].length
    if (page.length < STAGED_FIELDS && bytes < STAGED_BYTES) continue
    yield page
    page = []
    bytes = 0
  }
  if (page.length > 0) yield page
}
