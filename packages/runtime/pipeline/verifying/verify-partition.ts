/**
 * Compares a live partition state with its log while the consumer is running. Each load returns a snapshot of the live state at
 * some offset. The state in memory is advanced to that offset, and then the loaded parts are compared.
 */
import { type Consumer, getContextTypes } from '../consumer.ts'
import { CopyStopped } from '../errors.ts'
import type { Decision } from '../model/decision.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { LoadSelection, Snapshot } from '../model/snapshot.ts'
import { splitHold, splitState } from '../model/stored-state.ts'
import type { StateStore } from '../ports.ts'
import type { ReplaceableStates, StateFacts } from '../replacing/replaceable-states.ts'
import type { MemoryStates, Rereading } from '../reprocessing/log-replay.ts'
import { failureWindowMs } from '../reprocessing/rebuilt-state.ts'
import { type Beginning, type Doubt, findDoubt } from './comparability.ts'
import { compareEntity, compareFields, type Difference, toHex } from './differences.ts'
import { ReplayedState, toLoadSelection } from './replayed-state.ts'

/** Read-only access to the live states of a consumer. Every method rejects with `Unavailable` if they cannot be reached. */
export interface LiveStates {
  readonly load: StateStore['load']
  facts(stateKey: StateKey): Promise<StateFacts>
  /** Reads the names of all entities that have a state or timers. An entity may be returned twice, as with all paged reads. */
  entities(stateKey: StateKey): AsyncIterable<string>
  failures: ReplaceableStates['failures']
  context: ReplaceableStates['context']
}

export interface Verifying extends Rereading {
  readonly live: LiveStates
  readonly memory: () => MemoryStates
  readonly pause: (ms: number) => Promise<void>
  /** Called after each read of the log, with the number of records. */
  readonly onRead: (records: number) => void
}

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
  findDoubt(entity: string | undefined, offset: number | undefined): Doubt | undefined
}

const AT_ONCE = 500
const PAUSE_MS = 20
/** Number of attempts to load a live state while it is not between two timers that fire before the same record. */
const LOOKS = 500

export async function comparePartition(
  work: Verifying,
  stateKey: StateKey,
  beginning: Beginning,
  onDecisions: (decisions: readonly Decision[]) => void,
): Promise<ComparedPartition> {
  const { live, consumer, onRead } = work
  const { idWindowMs } = consumer
  // Without the start of the log, known entities look new. Other code may have made fewer entities. Either would change which
  // entities exceed the limit for new ones.
  const { newEntities: _, ...unlimited } = consumer
  const reading = { ...work, consumer: beginning.doubt ? (unlimited as Consumer) : consumer }
  const again = new ReplayedState(reading, stateKey, work.memory(), onDecisions)
  await again.begin(beginning.offset, live)
  const { version } = await live.facts(stateKey)
  await again.advanceTo(version.appliedOffset, onRead)
  const { partition } = stateKey
  const differences: Difference[] = []
  let last: Snapshot | undefined
  const loadBoth = async (wanted: Partial<LoadSelection>): Promise<readonly [Snapshot, Snapshot]> => {
    last = await loadAtRest(work, stateKey, version.epoch, wanted)
    await again.advanceTo(last.version.appliedOffset, onRead)
    return [last, await again.loadAt(last.version.appliedOffset, wanted)]
  }
  const compared = new Set<string>()
  const isLate = beginning.offset > 0
  // Without a context, all records are decided alike. No record tells from where one that only steps set is known.
  const isSetByEvents = getContextTypes(consumer).length > 0
  const partitionKnownFrom = () =>
    isLate ? Math.max(again.idsFrom, isSetByEvents ? again.contextFrom : 0) : 0
  /** First offset from which each comparable entity is known, unless all are. */
  const knownFrom = new Map<string, number>()
  let notComparable = 0
  const compareEntities = async (entities: readonly string[]) => {
    for (let rest = entities; rest.length > 0; ) {
      const [own, other] = await loadBoth({ entities: rest })
      const left = new Set([...own.notLoaded, ...other.notLoaded])
      for (const entity of rest.filter(one => !left.has(one))) {
        compared.add(entity)
        const stored = own.states.get(entity)
        const since = readSince(stored)
        const doubt = findDoubt(beginning, {
          live: since,
          again: again.firstRecord.get(entity),
          knownFrom: partitionKnownFrom(),
        })
        if (doubt === undefined && since !== undefined) knownFrom.set(entity, since)
        // The times of a hold are of the log's clock, which begins with the first record that is read.
        if (doubt === 'not-comparable' || (isLate && stored && splitHold(stored).hold !== undefined)) {
          notComparable += 1
          continue
        }
        const leadMs = own.clock.nowMs - other.clock.nowMs
        const toStoredEntity = ({ states, timers }: Snapshot, ms = 0) => ({
          state: states.get(entity),
          timers: timers.get(entity)?.map(timer => ({ ...timer, thresholdMs: timer.thresholdMs + ms })),
        })
        for (const field of compareEntity(toStoredEntity(own), toStoredEntity(other, leadMs)))
          differences.push({ what: 'state', partition, entity, ...field })
      }
      rest = rest.filter(entity => left.has(entity))
    }
  }
  for await (const some of inChunks(live.entities(stateKey)))
    await compareEntities([...new Set(some)].filter(entity => !compared.has(entity)))
  const contents = await again.contents()
  // Entities that exist only in the state in memory.
  const others = [...contents.entities].filter(entity => !compared.has(entity))
  for await (const some of inChunks(others)) await compareEntities(some)
  // The rest of a state depends on records that the log no longer has.
  const rest = isLate ? { ids: [], failures: [] } : contents
  const failures = new Map(rest.failures.map(failure => [failure.id, failure]))
  for await (const failure of isLate ? [] : live.failures(stateKey))
    if (!failures.has(failure.id)) failures.set(failure.id, failure)
  for await (const some of inChunks(failures.values())) {
    const [own, other] = await loadBoth({ failures: some })
    const isKept = ({ failedAtMs }: RememberedFailure) =>
      own.clock.nowMs - failedAtMs <= failureWindowMs(consumer.application)
    for (const { id, offset } of some.filter(isKept))
      for (const field of compareFields(selectFailure(own, id), selectFailure(other, id)))
        differences.push({ what: 'failure', partition, offset, ...field })
  }
  for await (const some of inChunks(rest.ids)) {
    const [own] = await loadBoth({ ids: some.map(({ id }) => id), idWindowMs })
    for (const { id, digest, appliedAtMs } of some) {
      const isInWindow = own.clock.nowMs - appliedAtMs <= idWindowMs
      if (isInWindow && own.known.get(id)?.digest !== digest)
        differences.push({ what: 'id', partition, id: toHex(id), field: '', again: 'known' })
    }
  }
  const [end, ending] = await loadBoth({})
  for (const what of isLate ? [] : (['clock', 'context'] as const))
    for (const field of compareFields(end[what], ending[what]))
      differences.push({ what, partition, ...field })
  return {
    toOffset: end.version.appliedOffset,
    records: again.records,
    states: compared.size - notComparable,
    notComparable,
    differences,
    hasExpired: again.hasExpired,
    hasForgotten: end.failureMemory.forgotten > 0 || end.failuresFromMs !== ending.failuresFromMs,
    outbox: new Set(end.outbox.map(({ event }) => event.id)),
    findDoubt: (entity, offset) => {
      const from = entity === undefined ? undefined : knownFrom.get(entity)
      return from !== undefined && (offset ?? from) >= from ? undefined : beginning.doubt
    },
  }
}

function readSince(stored: string | undefined): number | undefined {
  const state = stored === undefined ? undefined : splitHold(stored).state
  return state === undefined ? undefined : splitState(state).since
}

/** Loads the live state at a moment at which it is not between two timers that fire before the same record. */
async function loadAtRest(
  { live, pause }: Verifying,
  stateKey: StateKey,
  epoch: number,
  wanted: Partial<LoadSelection>,
): Promise<Snapshot> {
  const { topic, partition } = stateKey
  for (let look = 1; look <= LOOKS; look += 1) {
    const snapshot = await live.load(stateKey, toLoadSelection(wanted))
    if (snapshot.version.epoch !== epoch)
      throw new CopyStopped(
        'replaced',
        `the live state of ${topic}/${partition} was replaced in the meantime`,
      )
    if (snapshot.version.fired === 0) return snapshot
    await pause(PAUSE_MS)
  }
  throw new CopyStopped('waiting', `${topic}/${partition} stays between two timers of one record`)
}

function selectFailure({ failures }: Snapshot, id: string): object | undefined {
  const failure = failures.get(id)
  return failure && { attempt: failure.attempt, isOpen: failure.isOpen, digest: failure.digest }
}

async function* inChunks<T>(all: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T[]> {
  let some: T[] = []
  for await (const one of all) {
    some.push(one)
    if (some.length < AT_ONCE) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
