import { LONGEST_STEP_MS } from '../../pipeline/clock.ts'
import type {
  Change,
  OutboxEntry,
  RememberedFailure,
  Slot,
  Snapshot,
  StateStore,
  StoredTimer,
  TimerPlace,
  Version,
  Wanted,
} from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { keysOf } from './keys.ts'
import { packIds, packList, packPairs, packRemembered, unpackHits } from './packing.ts'
import { COMMIT_SLOT, LOAD_SLOT } from './scripts.ts'

/** Ids are stored by generation of log time; whole generations leave once they are older than the window. */
const GENERATION_MS = 60 * 60_000
/** Likewise failures, which are fewer and kept for longer. */
const FAILURE_GENERATION_MS = 24 * 60 * 60_000
/** Thirty days and the one that runs: what a load looks through, whatever a commit keeps. */
const FAILURE_GENERATIONS = 31

/** Slots in Redis: a load and a commit are one script each, a settle is one command. */
export class RedisStateStore implements StateStore {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async load(slot: Slot, wanted: Wanted): Promise<Snapshot> {
    const { entities, ids, failures, span } = wanted
    const reply = await this.#client.eval(LOAD_SLOT, keys(slot), [
      wanted.idWindowMs,
      GENERATION_MS,
      packIds(ids),
      span.firstAppendMs,
      span.advanceMs,
      LONGEST_STEP_MS,
      wanted.timerLimit,
      FAILURE_GENERATION_MS,
      FAILURE_GENERATIONS,
      packList(failures),
      packList(entities),
    ])
    return read(reply as LoadReply, wanted)
  }

  async commit(slot: Slot, change: Change): Promise<'committed' | 'refused'> {
    const { clock } = change
    const timers = [...change.timers]
    const reply = await this.#client.eval(COMMIT_SLOT, keys(slot), [
      text(change.base),
      change.mark,
      change.fired,
      change.emitted,
      clock.nowMs,
      clock.lastAppendMs ?? '',
      clock.highestAppendMs ?? '',
      change.idWindowMs,
      GENERATION_MS,
      packRemembered(change.ids),
      packPairs([...change.states].map(([entity, state]) => [entity, state ?? ''])),
      packPairs(timers.map(([entity, own]) => [entity, own.length > 0 ? JSON.stringify(own) : ''])),
      packPairs(timers.map(([entity, own]) => [entity, own.length > 0 ? String(earliest(own)) : ''])),
      packPairs(change.outbox.map(entry => [entry.position, JSON.stringify(entry)])),
      packPairs([...change.tally].map(([name, count]) => [name, String(count)])),
      FAILURE_GENERATION_MS,
      Math.ceil(change.failureWindowMs / FAILURE_GENERATION_MS),
      packPairs(change.failures.map(failure => [failure.id, JSON.stringify(failure)])),
    ])
    return reply === 1 ? 'committed' : 'refused'
  }

  async settle(slot: Slot, positions: readonly string[]): Promise<void> {
    if (positions.length === 0) return
    await this.#client.run(redis => redis.hdel(keysOf(slot).outbox, ...positions))
  }
}

type Reply = Buffer | null
type LoadReply = [
  meta: Reply[],
  due: Buffer[],
  states: Reply[],
  timers: Reply[],
  hits: Buffer,
  failures: Reply[],
  outbox: Buffer[],
  more: number,
]

function read(
  [meta, due, states, timers, hits, failures, outbox, more]: LoadReply,
  wanted: Wanted,
): Snapshot {
  const [epoch, mark, fired, emitted, clock, last, highest] = meta.map(value =>
    value === null ? undefined : Number(value),
  )
  const passed = readDue(due)
  // A wanted one that is due as well comes once.
  const entities = [...new Set([...wanted.entities, ...passed.map(({ entity }) => entity)])]
  return {
    version: { epoch: epoch ?? 0, mark: mark ?? -1, fired: fired ?? 0 },
    clock: { nowMs: clock ?? 0, lastAppendMs: last, highestAppendMs: highest },
    emitted: emitted ?? 0,
    states: present(entities, states, String),
    timers: present(entities, timers, json => JSON.parse(json.toString()) as StoredTimer[]),
    timersUpTo: more === 1 ? passed.at(-1) : undefined,
    known: unpackHits(hits, wanted.ids),
    failures: present(wanted.failures, failures, json => JSON.parse(json.toString()) as RememberedFailure),
    outbox: readOutbox(outbox),
  }
}

function keys(slot: Slot): string[] {
  const { meta, states, timers, due, outbox, ids, failures } = keysOf(slot)
  return [meta, states, timers, due, outbox, ids, failures]
}

function text({ epoch, mark, fired }: Version): string {
  return `${epoch} ${mark} ${fired}`
}

function earliest(timers: readonly StoredTimer[]): number {
  return Math.min(...timers.map(({ thresholdMs }) => thresholdMs))
}

function present<T>(
  names: readonly string[],
  values: readonly Reply[],
  as: (value: Buffer) => T,
): Map<string, T> {
  return new Map(
    names.flatMap((name, index) => {
      const value = values[index]
      return value ? [[name, as(value)] as const] : []
    }),
  )
}

function readDue(flat: readonly Buffer[]): TimerPlace[] {
  const places: TimerPlace[] = []
  for (let at = 0; at < flat.length; at += 2)
    places.push({ entity: String(flat[at]), thresholdMs: Number(flat[at + 1]) })
  return places
}

function readOutbox(flat: readonly Buffer[]): OutboxEntry[] {
  const entries = flat
    .filter((_, index) => index % 2 === 1)
    .map(json => JSON.parse(json.toString()) as OutboxEntry)
  return entries.sort((a, b) => (a.position < b.position ? -1 : 1))
}
