/** What a consumer's slots hold, put together for people. */
import type { SlotDetails, SlotInspection } from '../../lib/adapters/redis/inspection.ts'
import { SIGNALS, type Signal, TOPICS, topicName } from '../../lib/domain/topics.ts'
import type { Slot, StoredTimer } from '../../lib/pipeline/ports.ts'
import type { LogBounds } from './log.ts'

/** A failure that may still be taken back. */
interface OpenFailure {
  readonly id: string
  readonly offset: number
  readonly attempt: number
  readonly since: string
}

export interface PartitionReport {
  readonly partition: number
  /** The last decided offset; -1 where nothing is. */
  readonly mark: number
  /** How many offsets the log's end lies beyond the mark; null where Kafka does not tell. */
  readonly lag: number | null
  readonly epoch: number
  /** When the record at the mark was appended. */
  readonly asOf: string | null
  /** Log time since the slot began: what timers and the memory of ids go by. */
  readonly logClockMs: number
  readonly entities: number
  readonly timers: number
  readonly nextTimer: TimerReport | null
  readonly outbox: number
  /** The position of the first entry that waits to be published. */
  readonly oldestOutbox: string | null
  readonly openFailures: number
  readonly failures?: readonly OpenFailure[]
  readonly ids: number
  /** By `outcome/reason`. */
  readonly tally: Readonly<Record<string, number>>
}

export interface TimerReport {
  readonly entity: string
  readonly name: string
  /** Event time. */
  readonly due: string
  /** By how much the log's clock must move on until it fires. */
  readonly firesAfterMs: number
}

export interface EntityReport {
  readonly partition: number
  readonly entity: string
  readonly state: unknown
  readonly timers: readonly TimerReport[]
}

export interface StateReport {
  readonly consumer: string
  readonly topic: string
  /** Why lags are not known. */
  readonly kafka: 'answers' | 'no-topic' | 'away'
  readonly partitions: readonly PartitionReport[]
}

/** The topics of the environment that a consumer remembers something of. */
export async function signalsOf(
  inspection: SlotInspection,
  consumer: string,
  env: string,
): Promise<Signal[]> {
  const remembers = async (signal: Signal) => {
    const topic = topicName(signal, env)
    const partitions = Array.from({ length: TOPICS[signal].partitions }, (_, partition) => partition)
    const slots = partitions.map(partition => inspection.summary({ consumer, topic, partition }))
    return (await Promise.all(slots)).some(({ mark }) => mark >= 0) ? [signal] : []
  }
  return (await Promise.all(SIGNALS.map(remembers))).flat()
}

export async function stateReport(
  inspection: SlotInspection,
  slots: readonly Slot[],
  bounds: LogBounds,
  withFailures: boolean,
): Promise<StateReport> {
  const [{ consumer, topic }] = slots as [Slot]
  const partitions: PartitionReport[] = []
  // One after another: a look at state is no reason to hurry a server that others wait for.
  for (const slot of slots)
    partitions.push(partitionReport(slot, await inspection.details(slot), bounds, withFailures))
  return { consumer, topic, kafka: typeof bounds === 'string' ? bounds : 'answers', partitions }
}

/** @param wanted a whole subject, or a part of source and subject */
export async function entityReports(
  inspection: SlotInspection,
  slots: readonly Slot[],
  wanted: string,
): Promise<EntityReport[]> {
  const found = new Map<string, EntityReport>()
  for (const slot of slots) {
    const { partition } = slot
    const { clock } = await inspection.summary(slot)
    for await (const [entity, state] of inspection.states(slot)) {
      if (!entity.includes(wanted)) continue
      const timers = await inspection.timersOf(slot, entity)
      const reports = timers.map(timer => timerReport(entity, timer, clock.nowMs))
      found.set(`${partition} ${entity}`, { partition, entity, state, timers: reports })
    }
  }
  const reports = [...found.values()].sort(
    (a, b) => a.partition - b.partition || (a.entity < b.entity ? -1 : 1),
  )
  const exact = reports.filter(({ entity }) => entity.slice(entity.indexOf(' ') + 1) === wanted)
  return exact.length > 0 ? exact : reports
}

function partitionReport(
  { partition }: Slot,
  details: SlotDetails,
  bounds: LogBounds,
  withFailures: boolean,
): PartitionReport {
  const { mark, version, clock, entities, timers, nextTimer, outbox, openFailures, ids, tally } = details
  const log = typeof bounds === 'string' ? undefined : bounds[partition]
  return {
    partition,
    mark,
    // What is expired is not waiting to be read.
    lag: log ? log.end - Math.max(mark + 1, Math.min(log.start, log.end)) : null,
    epoch: version.epoch,
    asOf: clock.lastAppendMs === undefined ? null : new Date(clock.lastAppendMs).toISOString(),
    logClockMs: clock.nowMs,
    entities,
    timers,
    nextTimer: nextTimer ? timerReport(nextTimer.entity, nextTimer.timer, clock.nowMs) : null,
    outbox,
    oldestOutbox: details.oldestOutbox ?? null,
    openFailures: openFailures.length,
    ...(withFailures
      ? {
          failures: openFailures.map(({ id, offset, attempt, firstFailedAt }) => ({
            id,
            offset,
            attempt,
            since: firstFailedAt,
          })),
        }
      : {}),
    ids,
    tally,
  }
}

function timerReport(entity: string, { name, dueMs, thresholdMs }: StoredTimer, nowMs: number): TimerReport {
  return { entity, name, due: new Date(dueMs).toISOString(), firesAfterMs: Math.max(0, thresholdMs - nowMs) }
}
