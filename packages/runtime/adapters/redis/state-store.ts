import { PartitionStopped } from '../../pipeline/errors.ts'
import type {
  OutboxEntry,
  RememberedId,
  StateKey,
  StoredTimer,
  TimerPlace,
} from '../../pipeline/model/partition-state.ts'
import type { Change, Committed, LoadSelection, Snapshot } from '../../pipeline/model/snapshot.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { createFencedError } from '../../pipeline/replacing/fence.ts'
import type { RedisClient } from './client.ts'
import { unpackFailures } from './failure-packing.ts'
import { unpackId } from './id-packing.ts'
import { buildKeys, buildSkippedKey } from './keys.ts'
import { LAYOUT } from './layout.ts'
import { pack } from './message-pack.ts'
import { readMeta } from './meta-hash.ts'
import { commitRequest, loadRequest } from './script-requests.ts'
import { EVICTED_PART, lua, PARTITION_STATE, script } from './scripts.ts'

export const LOAD = script(PARTITION_STATE, EVICTED_PART, lua('load'))
export const COMMIT = script(PARTITION_STATE, EVICTED_PART, lua('failure-memory'), lua('commit'))

/** Store for partition states in Redis. A load and a commit are one script each; trimming the outbox is one command. */
export class RedisStateStore implements StateStore {
  readonly #client: RedisClient
  readonly #part: string

  /** @param part `REBUILD` for the rebuilds of the states; by default, the live states */
  constructor(client: RedisClient, part = '') {
    this.#client = client
    this.#part = part
  }

  async load(stateKey: StateKey, wanted: LoadSelection): Promise<Snapshot> {
    const reply = await this.#client.eval(LOAD, listKeys(stateKey, this.#part), [pack(loadRequest(wanted))])
    if (!Array.isArray(reply)) throw createEvictionError(stateKey, reply)
    return read(reply as LoadReply, wanted)
  }

  async commit(stateKey: StateKey, change: Change): Promise<Committed | 'committed' | 'refused'> {
    const reply = await this.#client.eval(COMMIT, listKeys(stateKey, this.#part), [
      pack(commitRequest(change)),
    ])
    if (Array.isArray(reply)) return readCommitted(reply as CommitReply)
    if (reply !== 0 && reply !== 1) throw createEvictionError(stateKey, reply)
    return reply === 1 ? 'committed' : 'refused'
  }

  async trimOutbox(stateKey: StateKey, positions: readonly string[]): Promise<void> {
    if (positions.length === 0) return
    await this.#client.run(redis => redis.hdel(buildKeys(stateKey, this.#part).outbox, ...positions))
  }
}

function createEvictionError({ consumer, topic, partition }: StateKey, part: unknown): PartitionStopped {
  return new PartitionStopped(
    'state-evicted',
    `the server has evicted a part (${part}) of the state of ${consumer} for ${topic}/${partition}: set its maxmemory-policy to ` +
      'noeviction, and remove the state, so that the log is read again, or restore a snapshot of the server',
  )
}

type Reply = Buffer | null
type LoadReply = [
  meta: Reply[],
  due: Buffer[],
  states: Reply[],
  timers: Reply[],
  known: (number | Buffer)[],
  failures: Buffer[],
  outbox: Buffer[],
  more: number,
  context: Buffer[],
  skipped: Buffer[],
  sequences: Reply[],
  held: Reply[],
  waited: number,
]

function read(
  [
    meta,
    due,
    states,
    timers,
    known,
    failures,
    outbox,
    more,
    context,
    skipped,
    sequences,
    held,
    waited,
  ]: LoadReply,
  wanted: LoadSelection,
): Snapshot {
  const stored = LAYOUT.meta.map((name, index) => [name, meta[index]?.toString()])
  const found = readMeta(Object.fromEntries(stored))
  const { version, clock, appliedDigest, emitted, parkedBytes, newEntities } = found
  const { failureMemory, failuresFromMs, fence, origin, mark } = found
  if (fence) throw createFencedError(fence)
  const passed = readDue(due)
  const holders = present(wanted.holders ?? [], held, String)
  const dueEntities = new Set(passed.map(({ entity }) => entity))
  const all = new Set([...holders.values()].map(json => JSON.parse(json) as string))
  const waiting = [...all].filter(entity => !dueEntities.has(entity))
  // In the order of the script. An entity that is, for example, both requested and due is included once.
  const entities = [...new Set([...dueEntities, ...waiting.slice(0, waited), ...wanted.entities])]
  const loaded = new Set(entities.slice(0, states.length))
  return {
    version,
    clock,
    appliedDigest,
    emitted,
    parkedBytes,
    ...(newEntities ? { newEntities } : {}),
    states: new Map([...holders, ...present(entities, states, String)]),
    timers: present(entities, timers, json => JSON.parse(json.toString()) as StoredTimer[]),
    timersUpTo: more === 1 ? passed.at(-1) : undefined,
    notLoaded: new Set([...waiting, ...entities].filter(entity => !loaded.has(entity))),
    known: readKnown(known, wanted.ids),
    failures: unpackFailures(failures),
    ...(wanted.origins ? { sequences: present(wanted.origins, sequences, String) } : {}),
    ...(origin ? { origin } : {}),
    ...(mark ? { mark } : {}),
    failureMemory,
    failuresFromMs,
    outbox: readOutbox(outbox),
    ...(skipped.length > 0 ? { skipped: readSkipped(skipped) } : {}),
    ...(context.length > 0 ? { context: readContext(context) } : {}),
  }
}

type CommitReply = [bytes: number, forgotten: number, failuresFromMs: number | null, firstThresholdMs: Reply]

function readCommitted([bytes, forgotten, failuresFromMs, first]: CommitReply): Committed {
  return {
    failureMemory: { bytes, forgotten },
    failuresFromMs: failuresFromMs ?? undefined,
    firstThresholdMs: first === null ? undefined : Number(first),
  }
}

function listKeys(stateKey: StateKey, part: string): string[] {
  const { meta, states, timers, due, outbox, ids, failures, context } = buildKeys(stateKey, part)
  return [meta, states, timers, due, outbox, ids, failures, context, buildSkippedKey(stateKey)]
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

function readKnown(flat: readonly (number | Buffer)[], ids: readonly string[]): Map<string, RememberedId> {
  const rememberedIds = new Map<string, RememberedId>()
  for (let at = 0; at < flat.length; at += 2) {
    const id = ids[Number(flat[at]) - 1] as string
    rememberedIds.set(id, unpackId(id, flat[at + 1] as Buffer))
  }
  return rememberedIds
}

function readSkipped(flat: readonly Buffer[]): Map<number, string> {
  const skipped = new Map<number, string>()
  for (let at = 0; at < flat.length; at += 2) skipped.set(Number(flat[at]), String(flat[at + 1]))
  return skipped
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
