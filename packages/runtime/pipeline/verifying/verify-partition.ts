/** Compares a live partition state with its log while the consumer is running. */
import type { Decision } from '../model/decision.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { RememberedId, StateKey } from '../model/partition-state.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { splitHold, splitState } from '../model/stored-state.ts'
import { inChunks } from '../replay.ts'
import { failureWindowMs } from '../reprocessing/add-contents.ts'
import { BothStates, type LoadedStates, listEntities, type Verifying } from './both-states.ts'
import { type ComparableFrom, findDoubt, type Incomparable } from './comparability.ts'
import { compareEntity, compareFields, type Difference, toHex } from './differences.ts'

export interface ComparedPartition {
  readonly toOffset: number
  readonly records: number
  readonly states: number
  /** Number of entities whose state comes from records that the log no longer has. */
  readonly notComparable: number
  readonly differences: readonly Difference[]
  readonly hasExpired: boolean
  /** True if the live state has forgotten failures to free memory. */
  readonly hasForgotten: boolean
  /** Ids of the events in the live outbox at the end of the comparison. */
  readonly outbox: ReadonlySet<string>
  /**
   * Returns why a difference does not indicate an error; undefined if it does.
   *
   * @param entity entity that differs; undefined for other parts of the state
   * @param offset offset of the record that has emitted an event; undefined for a state
   */
  findDoubt(entity: string | undefined, offset: number | undefined): Incomparable | undefined
}

/** Difference in a part of the state, without the partition. */
type Found = Omit<Difference, 'partition'>

const AT_ONCE = 500

/** @param onDecisions called after each commit of the state that is computed from the log */
export async function comparePartition(
  work: Verifying,
  stateKey: StateKey,
  beginning: ComparableFrom,
  onDecisions: (decisions: readonly Decision[]) => void,
): Promise<ComparedPartition> {
  const { live } = work
  const both = await BothStates.begin(work, stateKey, beginning, onDecisions)
  const entities = new EntityComparison(both, beginning)
  for await (const some of inChunks(listEntities(live, stateKey), AT_ONCE)) await entities.compare(some)
  const contents = await both.contents()
  // Entities that exist only in the state that was computed.
  for await (const some of inChunks([...contents.states.keys(), ...contents.timers.keys()], AT_ONCE))
    await entities.compare(some)
  const found = [...entities.differences]
  // The rest of a state depends on records that the log no longer has.
  const isWhole = beginning.offset === 0
  if (isWhole) {
    const failures = new Map(contents.failures.map(failure => [failure.id, failure]))
    for await (const failure of live.failures(stateKey))
      if (!failures.has(failure.id)) failures.set(failure.id, failure)
    found.push(...(await compareFailures(both, failures.values(), work)))
    found.push(...(await compareIds(both, contents.ids, work)))
  }
  const end = await both.load({})
  if (isWhole) found.push(...compareProgress(end))
  return {
    toOffset: end.live.version.appliedOffset,
    records: both.read.records,
    states: entities.compared.size - entities.notComparable,
    notComparable: entities.notComparable,
    differences: found.map(({ what, ...rest }) => ({ what, partition: stateKey.partition, ...rest })),
    hasExpired: both.read.hasExpired,
    hasForgotten:
      end.live.failureMemory.forgotten > 0 || end.live.failuresFromMs !== end.again.failuresFromMs,
    outbox: new Set(end.live.outbox.map(({ event }) => event.id)),
    findDoubt: (entity, offset) => {
      if (offset !== undefined && offset <= beginning.replacedTo) return 'replaced'
      const from = entity === undefined ? undefined : entities.knownFrom.get(entity)
      return from !== undefined && (offset ?? from) >= from ? undefined : beginning.doubt
    },
  }
}

class EntityComparison {
  readonly compared = new Set<string>()
  readonly differences: Found[] = []
  notComparable = 0
  /** First offset from which each comparable entity is known, unless all are. */
  readonly knownFrom = new Map<string, number>()
  readonly #both: BothStates
  readonly #beginning: ComparableFrom

  constructor(both: BothStates, beginning: ComparableFrom) {
    this.#both = both
    this.#beginning = beginning
  }

  /** Compares entities, unless they were compared before. */
  async compare(entities: readonly string[]): Promise<void> {
    let rest = [...new Set(entities)].filter(entity => !this.compared.has(entity))
    while (rest.length > 0) {
      const loaded = await this.#both.load({ entities: rest })
      const left = new Set([...loaded.live.notLoaded, ...loaded.again.notLoaded])
      for (const entity of rest) if (!left.has(entity)) this.#compareLoaded(entity, loaded)
      rest = rest.filter(entity => left.has(entity))
    }
  }

  #compareLoaded(entity: string, { live, again }: LoadedStates): void {
    this.compared.add(entity)
    const stored = live.states.get(entity)
    if (!this.#isComparable(entity, stored)) {
      this.notComparable += 1
      return
    }
    const leadMs = live.clock.nowMs - again.clock.nowMs
    for (const field of compareEntity(toStoredEntity(entity, live), toStoredEntity(entity, again, leadMs)))
      this.differences.push({ what: 'state', entity, ...field })
  }

  #isComparable(entity: string, stored: string | undefined): boolean {
    const { firstRecord, knownFrom } = this.#both.read
    const since = readSince(stored)
    const origins = { live: since, again: firstRecord.get(entity), knownFrom }
    const doubt = findDoubt(this.#beginning, origins)
    if (doubt === undefined && since !== undefined) this.knownFrom.set(entity, since)
    if (doubt === 'not-comparable') return false
    // The times of a hold are of the log's clock, which begins with the first record that is read.
    return this.#beginning.offset === 0 || !stored || splitHold(stored).hold === undefined
  }
}

/** @param leadMs difference of the clocks, which is added to the thresholds of the timers */
function toStoredEntity(entity: string, { states, timers }: Snapshot, leadMs = 0) {
  return {
    state: states.get(entity),
    timers: timers.get(entity)?.map(timer => ({ ...timer, thresholdMs: timer.thresholdMs + leadMs })),
  }
}

function readSince(stored: string | undefined): number | undefined {
  const state = stored === undefined ? undefined : splitHold(stored).state
  return state === undefined ? undefined : splitState(state).since
}

async function compareFailures(
  both: BothStates,
  failures: Iterable<RememberedFailure>,
  { consumer }: Verifying,
): Promise<readonly Found[]> {
  const windowMs = failureWindowMs(consumer.application)
  const found: Found[] = []
  for await (const some of inChunks(failures, AT_ONCE)) {
    const { live, again } = await both.load({ failures: some })
    for (const { id, offset, failedAtMs } of some) {
      if (live.clock.nowMs - failedAtMs > windowMs) continue
      for (const field of compareFields(selectFailure(live, id), selectFailure(again, id)))
        found.push({ what: 'failure', offset, ...field })
    }
  }
  return found
}

function selectFailure({ failures }: Snapshot, id: string): object | undefined {
  const failure = failures.get(id)
  return failure && { attempt: failure.attempt, isOpen: failure.isOpen, digest: failure.digest }
}

/** @param ids ids that the state must know according to the log */
async function compareIds(
  both: BothStates,
  ids: readonly RememberedId[],
  { consumer: { idWindowMs } }: Verifying,
): Promise<readonly Found[]> {
  const found: Found[] = []
  for await (const some of inChunks(ids, AT_ONCE)) {
    const { live } = await both.load({ ids: some.map(({ id }) => id), idWindowMs })
    for (const { id, digest, appliedAtMs } of some) {
      const isInWindow = live.clock.nowMs - appliedAtMs <= idWindowMs
      if (isInWindow && live.known.get(id)?.digest !== digest)
        found.push({ what: 'id', id: toHex(id), field: '', again: 'known' })
    }
  }
  return found
}

function compareProgress({ live, again }: LoadedStates): readonly Found[] {
  return (['clock', 'context'] as const).flatMap(what =>
    compareFields(live[what], again[what]).map(field => ({ what, ...field })),
  )
}
