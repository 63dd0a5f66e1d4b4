import { PartitionStopped } from '../../pipeline/errors.ts'
import { LONGEST_STEP_MS } from '../../pipeline/log/clock.ts'
import type {
  Change,
  FailureName,
  OutboxEntry,
  Snapshot,
  StateKey,
  StoredTimer,
  TimerPlace,
  Version,
  Wanted,
} from '../../pipeline/model.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { packFailures, packNames, unpackFailures } from './failure-packing.ts'
import { GENERATION_MS } from './generations.ts'
import { keysOf } from './keys.ts'
import { earliest, packIds, packList, packPairs, packRemembered, unpackHits } from './packing.ts'
import { COMMIT, LOAD } from './scripts.ts'

/** Partition states in Redis: a load and a commit are one script each; trimming the outbox is one command. */
export class RedisStateStore implements StateStore {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async load(stateKey: StateKey, wanted: Wanted): Promise<Snapshot> {
    const { entities, ids, failures, span } = wanted
    const { asked, order } = packNames(failures)
    const reply = await this.#client.eval(LOAD, keys(stateKey), [
      wanted.idWindowMs,
      GENERATION_MS,
      packIds(ids),
      span.firstAppendMs,
      span.advanceMs,
      LONGEST_STEP_MS,
      wanted.timerLimit,
      asked,
      packList(entities),
      wanted.byteLimit,
      wanted.contexts ? packList(wanted.contexts) : '',
    ])
    if (!Array.isArray(reply)) throw evicted(stateKey, reply)
    return read(reply as LoadReply, wanted, order)
  }

  async commit(stateKey: StateKey, change: Change): Promise<'committed' | 'refused'> {
    const { clock } = change
    const timers = [...change.timers]
    const reply = await this.#client.eval(COMMIT, keys(stateKey), [
      text(change.base),
      change.appliedOffset,
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
      change.failureBytes,
      change.failureWindowMs,
      packFailures(change.failures),
      change.forgottenTold,
      change.appliedDigest ?? '',
      change.context?.hash ?? '',
      change.context?.json ?? '',
    ])
    if (reply !== 0 && reply !== 1) throw evicted(stateKey, reply)
    return reply === 1 ? 'committed' : 'refused'
  }

  async trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    if (positions.length === 0) return
    await this.#client.run(redis => redis.hdel(keysOf(stateKey).outbox, ...positions))
  }
}

function evicted({ consumer, topic, partition }: StateKey, part: unknown): PartitionStopped {
  return new PartitionStopped(
    'state-evicted',
    `the server has evicted a part (${part}) of the state of ${consumer} for ${topic}/${partition}: set its maxmemory-policy to ` +
      'noeviction, and put a checkpoint back with `sluice state import`, or let the log be read again after `sluice state drop`',
  )
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
  context: Buffer[],
]

function read(
  [meta, due, states, timers, hits, failures, outbox, more, context]: LoadReply,
  wanted: Wanted,
  order: readonly FailureName[],
): Snapshot {
  const [epoch, appliedOffset, fired, emitted, clock, last, highest, failureBytes, forgotten] = meta.map(
    value => (value === null ? undefined : Number(value)),
  )
  const digest = meta[9]
  const passed = readDue(due)
  // An entity that is both wanted and due appears once.
  const entities = [...new Set([...passed.map(({ entity }) => entity), ...wanted.entities])]
  return {
    version: { epoch: epoch ?? 0, appliedOffset: appliedOffset ?? -1, fired: fired ?? 0 },
    clock: { nowMs: clock ?? 0, lastAppendMs: last, highestAppendMs: highest },
    appliedDigest: digest?.toString(),
    emitted: emitted ?? 0,
    states: present(entities, states, String),
    timers: present(entities, timers, json => JSON.parse(json.toString()) as StoredTimer[]),
    timersUpTo: more === 1 ? passed.at(-1) : undefined,
    notLoaded: new Set(entities.slice(states.length)),
    known: unpackHits(hits, wanted.ids),
    failures: unpackFailures(order, failures),
    failureMemory: { bytes: failureBytes ?? 0, forgotten: forgotten ?? 0 },
    outbox: readOutbox(outbox),
    ...(context.length > 0 ? { context: readContext(context) } : {}),
  }
}

function keys(stateKey: StateKey): string[] {
  const { meta, states, timers, due, outbox, ids, failures, context } = keysOf(stateKey)
  return [meta, states, timers, due, outbox, ids, failures, context]
}

function text({ epoch, appliedOffset, fired }: Version): string {
  return `${epoch} ${appliedOffset} ${fired}`
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

function readContext([hash, json]: readonly Buffer[]): NonNullable<Snapshot['context']> {
  return { hash: String(hash), ...(json ? { json: String(json) } : {}) }
}

function readOutbox(flat: readonly Buffer[]): OutboxEntry[] {
  const entries = flat
    .filter((_, index) => index % 2 === 1)
    .map(json => JSON.parse(json.toString()) as OutboxEntry)
  return entries.sort((a, b) => (a.position < b.position ? -1 : 1))
}
