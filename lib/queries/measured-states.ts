/** Reads the partition states of a consumer with their sizes within a time limit, and the totals over all partitions. */
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { TimerState } from './entities.ts'
import { sumOfReasons } from './outcomes.ts'
import { type PartitionState, partitionState } from './partition-states.ts'

/** Partition state with its size. Values are null if they were not counted before the time limit. */
export interface MeasuredState
  extends Omit<PartitionState, 'timers' | 'nextTimer' | 'oldestOutbox' | 'openFailures' | 'ids'> {
  readonly timers: number | null
  readonly nextTimer: TimerState | null
  readonly oldestOutbox: string | null
  readonly openFailures: number | null
  readonly ids: number | null
  /** Memory that Redis uses for the partition state, in bytes. */
  readonly bytes: number | null
}

/**
 * Reads partition states until the signal is aborted. Values that require counting are then missing in the remaining partitions.
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
    const reach = bounds?.[one.partition]
    states.push((await counted(inspection, one, reach, signal)) ?? (await uncounted(inspection, one, reach)))
  }
  return states
}

/** Returns the counted values of a partition state; undefined if the time limit is reached. */
async function counted(
  inspection: Pick<StateInspection, 'details' | 'bytes'>,
  one: StateKey,
  bounds: Bounds | undefined,
  signal: AbortSignal,
): Promise<MeasuredState | undefined> {
  if (signal.aborted) return undefined
  try {
    const details = await inspection.details(one, signal)
    return { ...partitionState(one, details, bounds, false), bytes: await bytesOf(inspection, one) }
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined
    throw error
  }
}

/** Returns the memory usage of a partition state; null if the server does not report it. */
async function bytesOf(inspection: Pick<StateInspection, 'bytes'>, one: StateKey): Promise<number | null> {
  try {
    return await inspection.bytes(one)
  } catch (error) {
    if (error instanceof Unavailable) throw error
    // Managed Redis servers may not support the command.
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

/** State of a consumer, summed over all partitions of a topic. */
export interface ConsumerState {
  readonly partitions: number
  /** Number of partitions for which a state exists. */
  readonly begun: number
  readonly entities: number
  readonly outbox: number
  readonly held: number
  readonly parked: number
  /** Number of offsets between the applied offsets and the end of the log; null if unknown. */
  readonly lag: number | null
  /** Time at which the newest applied record was written, RFC 3339; null if no record has been applied. */
  readonly asOf: string | null
  /** Number of records by `outcome/reason`, counted since the state was created. */
  readonly tally: Readonly<Record<string, number>>
}

/**
 * Returns the summed state of a consumer.
 *
 * @throws Unavailable if Redis does not answer
 */
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
