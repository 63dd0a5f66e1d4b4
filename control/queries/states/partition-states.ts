/** Describes partition states, which are the data that a consumer stores in Redis for each partition. */
import { instant } from '#runtime/consumer'
import type { Bounds } from '#runtime/operating/kafka'
import type { StateDetails, StateInspection, StateSummary } from '#runtime/operating/states'
import type { StateKey } from '#runtime/pipeline'
import { countOffsetsBehind } from '../kafka/consumer-lag.ts'
import { type TimerState, toTimerState } from './entities.ts'
import { countHeld } from './outcomes.ts'

/** Failure that can still be retried or redriven. */
interface OpenFailure {
  readonly id: string
  readonly offset: number
  readonly attempt: number
  /** Time at which the record failed for the first time, RFC 3339. */
  readonly since: string
}

/** Summary of a partition state, which takes two requests to read. */
export interface PartitionSummary {
  readonly partition: number
  /** Last applied offset; -1 if no record has been applied. */
  readonly appliedOffset: number
  /** Number of offsets between the applied offset and the end of the log; null if unknown. */
  readonly lag: number | null
  /** Epoch of the state. It is incremented whenever the state is replaced. */
  readonly epoch: number
  /** Timestamp of the record at the applied offset, RFC 3339; null if unknown, as for an input, whose clock counts records. */
  readonly asOf: string | null
  /** Log time since the state was created, in milliseconds. Timers and the deduplication window use this clock. */
  readonly logClockMs: number
  readonly entities: number
  /** Number of entities that wait for the retry of a failed event. `parked` is the number of later events that wait with them. */
  readonly held: number
  readonly parked: number
  /** Number of emissions that are not published yet. */
  readonly outbox: number
  /** Number of records by `outcome/reason`, counted since the state was created. */
  readonly tally: Readonly<Record<string, number>>
}

export interface PartitionState extends PartitionSummary {
  readonly timers: number
  /** Next timer that will fire. */
  readonly nextTimer: TimerState | null
  /** Position of the oldest emission that is not published yet. */
  readonly oldestOutbox: string | null
  readonly failures: readonly OpenFailure[]
  /** Number of event ids in the deduplication window. */
  readonly ids: number
}

/**
 * Returns the partition states of a consumer. While the consumer runs, the values of a partition can differ slightly in time.
 *
 * @param bounds bounds of the topic by partition. If undefined, the lag is unknown.
 * @throws Unavailable if Redis does not answer
 */
export async function readPartitionStates(
  inspection: Pick<StateInspection, 'details'>,
  partitions: readonly StateKey[],
  bounds?: readonly (Bounds | undefined)[],
): Promise<PartitionState[]> {
  const states: PartitionState[] = []
  // States are read one after another, because this query must not put load on a Redis that consumers use.
  for (const partition of partitions) {
    const details = await inspection.details(partition)
    states.push(describePartition(partition, details, bounds?.[partition.partition]))
  }
  return states
}

/** Time before which Kafka did not exist, so that no record can be from then: a clock that is lower counts records. */
const KAFKA_MS = Date.UTC(2011)

/** Converts the summary of a partition state. @param bounds bounds of the partition; undefined if unknown. Pure. */
export function summarizePartition(
  { partition }: StateKey,
  { version, clock, entities, outbox, tally }: StateSummary,
  bounds: Bounds | undefined,
): PartitionSummary {
  const { appliedOffset, epoch } = version
  const { held, parked } = countHeld(tally)
  return {
    partition,
    appliedOffset,
    lag: bounds ? countOffsetsBehind(bounds, appliedOffset + 1) : null,
    epoch,
    asOf:
      clock.lastAppendMs === undefined || clock.lastAppendMs < KAFKA_MS ? null : instant(clock.lastAppendMs),
    logClockMs: clock.nowMs,
    // Redis stores an additional value for each held entity, which is subtracted here.
    entities: entities - held,
    held,
    parked,
    outbox,
    tally,
  }
}

function describePartition(key: StateKey, details: StateDetails, bounds: Bounds | undefined): PartitionState {
  const { clock, timers, nextTimer, oldestOutbox = null, openFailures, ids } = details
  return {
    ...summarizePartition(key, details, bounds),
    timers,
    nextTimer: nextTimer ? toTimerState(nextTimer.entity, nextTimer.timer, clock.nowMs) : null,
    oldestOutbox,
    failures: openFailures.map(({ id, offset, attempt, firstFailedAt: since }) => ({
      ...{ id, offset, attempt, since },
    })),
    ids,
  }
}
