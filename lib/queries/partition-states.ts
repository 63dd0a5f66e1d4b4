/** Describes partition states: the data that a consumer stores in Redis for each partition. */
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { StateDetails, StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { ListedState, StateList } from '../../packages/runtime/adapters/redis/state-list.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { partitionsOf, type TopicSize } from '../tables/table.ts'
import { type TimerState, timerState } from './entities.ts'
import { offsetsBehind } from './lag.ts'
import { heldNow } from './outcomes.ts'

/** Failure that can still be retried or redriven. */
interface OpenFailure {
  readonly id: string
  readonly offset: number
  readonly attempt: number
  /** Time at which the record first failed, RFC 3339. */
  readonly since: string
}

export interface PartitionState {
  readonly partition: number
  /** Last applied offset; -1 before the first one. */
  readonly appliedOffset: number
  /** Number of offsets between the applied one and the end of the log; null if unknown. */
  readonly lag: number | null
  /** Epoch of the state, which increases whenever the state is replaced. */
  readonly epoch: number
  /** Time at which the record at the applied offset was appended, RFC 3339. */
  readonly asOf: string | null
  /** Log time since the state was created, in milliseconds. Timers and the window of event ids use this clock. */
  readonly logClockMs: number
  readonly entities: number
  /** Number of entities that wait for a retry of one of their events. `parked` is the number of events that wait with them. */
  readonly held: number
  readonly parked: number
  readonly timers: number
  /** Timer that fires next. */
  readonly nextTimer: TimerState | null
  /** Number of emissions that are not published yet. */
  readonly outbox: number
  /** Position of the oldest of them. */
  readonly oldestOutbox: string | null
  readonly openFailures: number
  /** Open failures, if they were requested. */
  readonly failures?: readonly OpenFailure[]
  /** Number of event ids in the deduplication window. */
  readonly ids: number
  /** Number of records by `outcome/reason`, since the state was created. */
  readonly tally: Readonly<Record<string, number>>
}

/** Partition state in a list. */
export interface StateLine extends ListedState {
  /** True if the name is that of a known consumer. */
  readonly hasFunction: boolean
}

/**
 * Returns the partition states of a consumer. While the consumer runs, the values of one partition may differ in time slightly.
 *
 * @param bounds bounds of the topic, by partition; undefined if they are unknown, and then the lag is unknown as well
 * @param withFailures true to include the open failures
 * @throws Unavailable if Redis does not answer
 */
export async function partitionStates(
  inspection: Pick<StateInspection, 'details'>,
  partitions: readonly StateKey[],
  { bounds, withFailures = false }: { bounds?: readonly Bounds[] | undefined; withFailures?: boolean } = {},
): Promise<PartitionState[]> {
  const states: PartitionState[] = []
  // Sequentially: showing states must not put load on a Redis that consumers use.
  for (const one of partitions) {
    const details = await inspection.details(one)
    states.push(partitionState(one, details, bounds?.[one.partition], withFailures))
  }
  return states
}

/**
 * Returns all partition states in Redis, of any consumer and environment, sorted by consumer, topic and partition.
 *
 * @param consumers names of the known consumers
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
 * Returns the topics for which a consumer has a state.
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

/** Summarizes the details of a partition state. Pure. */
export function partitionState(
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
    // The store has an additional value for each held entity.
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
