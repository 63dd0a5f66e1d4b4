/** Partition states: what a consumer remembers of each partition, as Redis holds it. */
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { StateDetails, StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { ListedState, StateList } from '../../packages/runtime/adapters/redis/state-list.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { partitionsOf, type TopicSize } from '../tables/table.ts'
import { type TimerState, timerState } from './entities.ts'
import { offsetsBehind } from './lag.ts'
import { heldNow } from './outcomes.ts'

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
  /** Last applied offset; -1 before the first. */
  readonly appliedOffset: number
  /** Number of offsets from the applied one to the log's end; null if it is not known. */
  readonly lag: number | null
  /** Raised whenever the state was replaced. */
  readonly epoch: number
  /** RFC 3339: when the record at the applied offset was appended. */
  readonly asOf: string | null
  /** Milliseconds of log time since the state began: what timers and the memory of ids go by. */
  readonly logClockMs: number
  readonly entities: number
  /** Entities that wait for a retry of one of their events, and the events that are parked behind it. */
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

/**
 * Yields the partition states of a consumer one after another. While the consumer runs, the figures of one partition may be a
 * moment apart.
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
 * Returns the topics that a consumer has a state of.
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
