/** Partition states: what a consumer remembers of each partition, as Redis holds it. */
import type { Bounds } from '../runtime/adapters/kafka/offsets.ts'
import type { StateDetails, StateInspection } from '../runtime/adapters/redis/inspection.ts'
import type { ListedState, StateList } from '../runtime/adapters/redis/state-list.ts'
import { Unavailable } from '../runtime/pipeline/errors.ts'
import type { StateKey } from '../runtime/pipeline/model.ts'
import { type TimerState, timerState } from './entities.ts'
import { offsetsBehind } from './lag.ts'
import { heldNow, sumOfReasons } from './outcomes.ts'

/** A failure that may still be taken back. */
interface OpenFailure {
  readonly id: string
  readonly offset: number
  readonly attempt: number
  /** RFC 3339: when the record first failed. */
  readonly since: string
}

export interface PartitionState {
  readonly partition: number
  /** The last offset whose effects are in the state; -1 where there is none. */
  readonly appliedOffset: number
  /** How many offsets the log's end lies beyond the applied one; null if that is not known. */
  readonly lag: number | null
  /** Raised whenever the state was replaced. */
  readonly epoch: number
  /** RFC 3339: when the record at the applied offset was appended. */
  readonly asOf: string | null
  /** Milliseconds of log time since the state began: what timers and the memory of ids go by. */
  readonly logClockMs: number
  readonly entities: number
  /** Those that wait for a retry of one of their events, and the events that are parked behind it. */
  readonly held: number
  readonly parked: number
  readonly timers: number
  /** The timer that fires first. */
  readonly nextTimer: TimerState | null
  /** Emissions that wait to be published. */
  readonly outbox: number
  /** The position of the first of them. */
  readonly oldestOutbox: string | null
  readonly openFailures: number
  /** Where they were asked for. */
  readonly failures?: readonly OpenFailure[]
  /** How many ids of events are remembered. */
  readonly ids: number
  /** How many records ended how, by `outcome/reason`, since the state exists. */
  readonly tally: Readonly<Record<string, number>>
}

/** A partition state as a list shows it. */
export interface StateLine extends ListedState {
  /** Whether a consumer that is known has the name. */
  readonly hasFunction: boolean
}

/** A topic, and how many partitions it has. */
export interface TopicSize {
  readonly topic: string
  readonly partitions: number
}

/** What a consumer remembers a topic by: a state for each of its partitions. */
export function partitionsOf(consumer: string, { topic, partitions }: TopicSize): StateKey[] {
  return Array.from({ length: partitions }, (_, partition) => ({ consumer, topic, partition }))
}

/**
 * What a consumer remembers of partitions, one after another. Where the consumer goes on meanwhile, the figures of one partition
 * may be a moment apart.
 *
 * @param bounds of the topic, by partition; undefined if they are not known, and then the lag is not known either
 * @param withFailures lists the open failures, too
 * @throws Unavailable if Redis does not answer
 */
export async function partitionStates(
  inspection: Pick<StateInspection, 'details'>,
  partitions: readonly StateKey[],
  { bounds, withFailures = false }: { bounds?: readonly Bounds[] | undefined; withFailures?: boolean } = {},
): Promise<PartitionState[]> {
  const states: PartitionState[] = []
  // One at a time: showing state must not put load on a Redis that consumers use.
  for (const one of partitions) {
    const details = await inspection.details(one)
    states.push(partitionState(one, details, bounds?.[one.partition], withFailures))
  }
  return states
}

/** A partition state with its size; what is null was not counted, because the time for that was over. */
export interface MeasuredState
  extends Omit<PartitionState, 'timers' | 'nextTimer' | 'oldestOutbox' | 'openFailures' | 'ids'> {
  readonly timers: number | null
  readonly nextTimer: TimerState | null
  readonly oldestOutbox: string | null
  readonly openFailures: number | null
  readonly ids: number | null
  /** Bytes of server memory. */
  readonly bytes: number | null
}

/**
 * As `partitionStates`, for as long as the signal is not aborted; of the partitions after that, what takes no counting.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function measuredStates(
  inspection: Pick<StateInspection, 'details' | 'summary' | 'bytes'>,
  partitions: readonly StateKey[],
  bounds: readonly Bounds[] | undefined,
  signal: AbortSignal,
): Promise<MeasuredState[]> {
  const states: MeasuredState[] = []
  for (const one of partitions) {
    const [counted] = signal.aborted ? [] : await partitionStates(inspection, [one], { bounds })
    states.push(
      counted
        ? { ...counted, bytes: await bytesOf(inspection, one) }
        : await uncounted(inspection, one, bounds?.[one.partition]),
    )
  }
  return states
}

/** Null where the server does not tell. */
async function bytesOf(inspection: Pick<StateInspection, 'bytes'>, one: StateKey): Promise<number | null> {
  try {
    return await inspection.bytes(one)
  } catch (error) {
    if (error instanceof Unavailable) throw error
    // Servers that others run for one may not have the command.
    return null
  }
}

async function uncounted(
  inspection: Pick<StateInspection, 'summary'>,
  one: StateKey,
  bounds: Bounds | undefined,
): Promise<MeasuredState> {
  const summary = await inspection.summary(one)
  const details = {
    ...summary,
    timers: 0,
    nextTimer: undefined,
    oldestOutbox: undefined,
    openFailures: [],
    ids: 0,
  }
  const known = partitionState(one, details, bounds, false)
  return { ...known, timers: null, openFailures: null, ids: null, bytes: null }
}

/** What a consumer remembers of a topic, all partitions together. */
export interface ConsumerState {
  readonly partitions: number
  /** Those of which anything is remembered. */
  readonly begun: number
  readonly entities: number
  readonly outbox: number
  readonly held: number
  readonly parked: number
  /** Offsets behind the end of the log; null if that is not known. */
  readonly lag: number | null
  /** RFC 3339: when the newest record that is applied was written; null if there is none. */
  readonly asOf: string | null
  /** Records by `outcome/reason` since the state exists. */
  readonly tally: Readonly<Record<string, number>>
}

/** @throws Unavailable if Redis does not answer */
export async function consumerState(
  inspection: Pick<StateInspection, 'summary'>,
  partitions: readonly StateKey[],
  bounds: readonly Bounds[] | undefined,
): Promise<ConsumerState> {
  const states = await Promise.all(partitions.map(one => uncounted(inspection, one, bounds?.[one.partition])))
  const sum = (of: (state: MeasuredState) => number) => states.reduce((all, state) => all + of(state), 0)
  const times = states.flatMap(({ asOf }) => asOf ?? []).sort()
  return {
    partitions: partitions.length,
    begun: states.filter(({ appliedOffset }) => appliedOffset >= 0).length,
    entities: sum(({ entities }) => entities),
    outbox: sum(({ outbox }) => outbox),
    held: sum(({ held }) => held),
    parked: sum(({ parked }) => parked),
    lag: bounds ? sum(({ lag }) => lag ?? 0) : null,
    asOf: times.at(-1) ?? null,
    tally: sumOfReasons(states.map(({ tally }) => tally)),
  }
}

/**
 * Every partition state that Redis holds, of any consumer and environment, by consumer, topic and partition.
 *
 * @param consumers the names of those that are known
 * @throws Unavailable if Redis does not answer
 */
export async function listPartitionStates(
  list: Pick<StateList, 'all'>,
  consumers: readonly string[],
): Promise<StateLine[]> {
  const all = await list.all()
  return all.map(one => ({ ...one, hasFunction: consumers.includes(one.consumer) }))
}

/**
 * Those of some topics of which a consumer remembers anything.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function topicsRemembered<Topic extends TopicSize>(
  inspection: Pick<StateInspection, 'summary'>,
  consumer: string,
  topics: readonly Topic[],
): Promise<Topic[]> {
  const remembers = async (topic: Topic) => {
    const partitions = partitionsOf(consumer, topic)
    const summaries = await Promise.all(partitions.map(one => inspection.summary(one)))
    return summaries.some(({ version }) => version.appliedOffset >= 0) ? [topic] : []
  }
  return (await Promise.all(topics.map(remembers))).flat()
}

function partitionState(
  { partition }: StateKey,
  details: StateDetails,
  bounds: Bounds | undefined,
  withFailures: boolean,
): PartitionState {
  const { version, clock, entities, timers, nextTimer, outbox, openFailures, ids, tally } = details
  const appliedOffset = version.appliedOffset
  const { held, parked } = heldNow(tally)
  return {
    partition,
    appliedOffset,
    lag: bounds ? offsetsBehind(bounds, appliedOffset + 1) : null,
    epoch: version.epoch,
    asOf: clock.lastAppendMs === undefined ? null : new Date(clock.lastAppendMs).toISOString(),
    logClockMs: clock.nowMs,
    // The store keeps a value more for each that is held.
    entities: entities - held,
    held,
    parked,
    timers,
    nextTimer: nextTimer ? timerState(nextTimer.entity, nextTimer.timer, clock.nowMs) : null,
    outbox,
    oldestOutbox: details.oldestOutbox ?? null,
    openFailures: openFailures.length,
    ...(withFailures && {
      failures: openFailures.map(({ id, offset, attempt, firstFailedAt }) => ({
        id,
        offset,
        attempt,
        since: firstFailedAt,
      })),
    }),
    ids,
    tally,
  }
}
