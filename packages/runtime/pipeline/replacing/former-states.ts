/**
 * Moves the states of former consumers to the consumer that has replaced them. A partition state is moved at its first load, so the
 * new consumer continues where its predecessors stood. The old state is fenced for good: a predecessor that still runs cannot
 * commit any more.
 */
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type Consumer, listFormerNames } from '../consumer.ts'
import { CopyStopped, PartitionStopped, Unavailable } from '../errors.ts'
import { isAbsent, type OutboxEntry, type StateKey } from '../model/partition-state.ts'
import { splitHold, splitState, withSince } from '../model/stored-state.ts'
import { createRefusedFailureRecord } from '../outbox/failure-record.ts'
import type { Ports, StateStore } from '../ports.ts'
import { publish } from '../publishing/publish.ts'
import type { Fence } from './fence.ts'
import { type ReplaceableStates, replaceState } from './replaceable-states.ts'
import { EMPTY_META, type StateMeta, type StatePart } from './state-parts.ts'

/** Access to the states of former consumers, and to the state that replaces them. */
export interface FormerStates
  extends Pick<
    ReplaceableStates,
    'facts' | 'fence' | 'states' | 'timers' | 'ids' | 'failures' | 'context' | 'stage' | 'replace'
  > {
  meta(partitionState: StateKey): Promise<StateMeta>
  outbox(partitionState: StateKey): AsyncIterable<OutboxEntry>
}

export interface FormerStatesPort {
  /** Access to the states; absent if none are moved. */
  readonly formerStates?: () => Promise<FormerStates>
}

/** Returns a store whose first load of a partition moves the states of former consumers. */
export function withFormerStates(
  consumer: Consumer,
  { store, publisher, formerStates }: Pick<Ports, 'store' | 'publisher'> & FormerStatesPort,
): StateStore {
  const names = listFormerNames(consumer)
  if (names.length === 0 || !formerStates) return store
  return {
    async load(stateKey, wanted) {
      const snapshot = await store.load(stateKey, wanted)
      if (!isAbsent(snapshot.version)) return snapshot
      const states = await formerStates()
      const former = await fenceStates(states, stateKey, names)
      if (former.length === 0) return snapshot
      for (const key of former) await publishOutbox(states, key)
      await moveStates(states, former, stateKey)
      return store.load(stateKey, wanted)
    },
    commit: (stateKey, change) => store.commit(stateKey, change),
    trimOutbox: (stateKey, positions) => store.trimOutbox(stateKey, positions),
  }

  /** Publishes what a predecessor has left. The positions of two predecessors can be the same, so entries are not moved. */
  async function publishOutbox(states: FormerStates, former: StateKey): Promise<void> {
    const entries = await collectAll(states.outbox(former))
    if (entries.length === 0) return
    const outbox = entries.toSorted((a, b) => (a.position < b.position ? -1 : 1))
    const replacement = (entry: OutboxEntry, why: string) =>
      createRefusedFailureRecord(consumer, former, entry, why)
    await publish(publisher, consumer, outbox, replacement)
    const positions = outbox.map(({ position }) => position)
    await store.trimOutbox(former, positions)
  }
}

const MOVED: Fence = { why: 'moved', attempt: 0 }
/** Fences expire, so that of a moved state gets a time that never comes: a hundred years, in milliseconds. */
const FOR_GOOD_MS = 100 * 365 * 86_400_000

/** Fences the states that have not been moved yet. Returns their keys. */
async function fenceStates(
  states: FormerStates,
  stateKey: StateKey,
  names: readonly string[],
): Promise<readonly StateKey[]> {
  const found: StateKey[] = []
  for (const consumer of names) {
    const former = { ...stateKey, consumer }
    const { version, fence } = await states.facts(former)
    if (isAbsent(version) || fence?.isDone) continue
    const { fence: stands } = await states.fence(former, MOVED, FOR_GOOD_MS)
    if (stands.why !== MOVED.why)
      throw new Unavailable(stands.why, `the state of ${consumer} is being replaced`)
    found.push(former)
  }
  return found
}

async function moveStates(
  states: FormerStates,
  former: readonly StateKey[],
  stateKey: StateKey,
): Promise<void> {
  try {
    await replaceState(states, stateKey, joinPages(states, former), EMPTY_META.version)
  } catch (error) {
    if (!(error instanceof CopyStopped)) throw error
    // Another invocation has moved the states already.
    if (error.why !== 'moved')
      throw new Unavailable(
        'store-unavailable',
        `the state of ${stateKey.consumer} is being moved: ${error.message}`,
      )
  }
  for (const key of former) await states.fence(key, { ...MOVED, isDone: true }, FOR_GOOD_MS)
}

/** Returns the pages of one state with the contents of all given states. */
async function* joinPages(
  states: FormerStates,
  former: readonly StateKey[],
): AsyncGenerator<readonly StatePart[]> {
  const each = <T>(read: (key: StateKey) => AsyncIterable<T>) =>
    Promise.all(former.map(key => collectAll(read(key))))
  const metas = await Promise.all(former.map(key => states.meta(key)))
  yield [
    {
      kind: 'meta',
      meta: joinMeta(
        metas,
        former.map(({ consumer }) => consumer),
      ),
    },
  ]
  const entities = await each(key => states.states(key))
  yield joinLists(entities, joinStates).map(([entity, state]) => ({ kind: 'state', entity, state }))
  const timers = await each(key => states.timers(key))
  yield joinLists(timers, (a, b) => [...a, ...b]).map(([entity, own]) => ({
    kind: 'timers',
    entity,
    timers: own,
  }))
  // The newest come first. An event that only one of the consumers knows is still to be processed for the other one.
  const ids = (await each(key => states.ids(key))).map(
    all => new Map(all.map(one => [one.id, one] as const).reverse()),
  )
  const [known, ...others] = ids
  yield [...(known?.values() ?? [])]
    .filter(({ id }) => others.every(other => other.has(id)))
    .map(id => ({ kind: 'id', id }))
  yield (await each(key => states.failures(key)))
    .flatMap(all => [...new Map(all.map(one => [one.id, one] as const).reverse()).values()])
    .map(failure => ({ kind: 'failure', failure }))
  const contexts = await Promise.all(former.map(key => states.context(key)))
  yield contexts.flatMap(context => (context ? [{ kind: 'context', context }] : []))
}

/** Returns the metadata at the position of the state that is furthest behind. */
export function joinMeta(all: readonly StateMeta[], names: readonly string[]): StateMeta {
  const [first] = all.toSorted(({ version: a }, { version: b }) => {
    return a.appliedOffset - b.appliedOffset || a.fired - b.fired
  }) as [StateMeta]
  // The new consumer has an origin of its own.
  const { origin: _, failuresFromMs: __, ...meta } = first
  const tally: Record<string, number> = {}
  for (const one of all)
    for (const [name, count] of Object.entries(one.tally)) tally[name] = (tally[name] ?? 0) + count
  const since = all.map(({ failuresFromMs = Infinity }) => failuresFromMs)
  const failuresFromMs = Math.max(...since)
  const offsets = all.map(({ version }) => version.appliedOffset)
  const isBehind = offsets.some(offset => offset > first.version.appliedOffset)
  return {
    ...meta,
    tally,
    failuresFromMs: Number.isFinite(failuresFromMs) ? failuresFromMs : undefined,
    ...omitUndefined({
      formerOffsets: isBehind
        ? Object.fromEntries(names.map((name, index) => [name, offsets[index] as number]))
        : undefined,
    }),
  }
}

/** Joins lists of named values. Of equal names in one list, the first counts. */
function joinLists<T>(
  lists: readonly (readonly (readonly [name: string, value: T])[])[],
  join: (a: T, b: T) => T,
): (readonly [name: string, value: T])[] {
  const all = new Map<string, T>()
  for (const list of lists) {
    const own = new Map(list.toReversed())
    for (const [name, value] of own) {
      const before = all.get(name)
      all.set(name, before === undefined ? value : join(before, value))
    }
  }
  return [...all]
}

/** Returns an entity's state with the fields of both states. It contains records from the earlier of both offsets on. */
function joinStates(a: string, b: string): string {
  const [one, other] = [parseFields(a), parseFields(b)]
  const isKnown = one.since !== undefined && other.since !== undefined
  const since = isKnown ? Math.min(one.since, other.since) : undefined
  return withSince(JSON.stringify({ ...one.fields, ...other.fields }), since)
}

function parseFields(stored: string): { readonly since: number | undefined; readonly fields: object } {
  const { hold, state = '' } = splitHold(stored)
  const { since, version, json } = splitState(state)
  if (hold === undefined && version === 1 && json.startsWith('{')) return { since, fields: JSON.parse(json) }
  throw new PartitionStopped(
    'state-not-migrated',
    'two former consumers have a state of the same entity that cannot become one: it is held, has a version, or is not an object',
  )
}

async function collectAll<T>(all: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = []
  for await (const one of all) list.push(one)
  return list
}
