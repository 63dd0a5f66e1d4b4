/** The log of a partition: its identity, ranges of its offsets, and its clock. Pure. */
import type { LogRecord } from '../../cloudevents/record.ts'

/** Identity of a topic's log. */
export interface LogIdentity {
  readonly cluster: string
  /** Id of the topic, which changes if the topic is created again. */
  readonly topicId: string
}

/** Returns the identity as a text, which is part of ids. */
export function formatLog({ cluster, topicId }: LogIdentity): string {
  return `${cluster}:${topicId}`
}

/** Range of offsets of a partition, both ends included. */
export interface OffsetRange {
  readonly fromOffset: number
  readonly toOffset: number
}

export interface ReadRange {
  /** Records in the order of their offsets. The first is not before `fromOffset`; some may be after `toOffset`. */
  readonly records: readonly LogRecord[]
  /**
   * Offset from which to continue reading. For each earlier offset of the range, the record is in `records` or does not exist.
   * Always greater than `fromOffset`.
   */
  readonly nextOffset: number
  /** First offset of the log at the time of the read. Earlier records have expired. */
  readonly logStart: number
}

/** Clock of a partition's log, in milliseconds. Only append times advance it, see `advance`. */
export interface LogClock {
  readonly nowMs: number
  /** Append time of the record at the applied offset, in milliseconds since the epoch; undefined before the first record. */
  readonly lastAppendMs: number | undefined
  /** Highest append time up to the applied offset, in milliseconds since the epoch. It helps to detect records of another log. */
  readonly highestAppendMs: number | undefined
}

/** First append time of a chunk, and the advance of the clock after it. They determine which timers can become due. */
export interface Span {
  readonly firstAppendMs: number
  readonly advanceMs: number
}

/** Interval at which the `clock` function appends a tick to each partition, in milliseconds. */
const TICK_INTERVAL_MS = 60_000

/** Maximum time by which one record can advance the clock, in milliseconds. */
export const MAX_STEP_MS = 2 * TICK_INTERVAL_MS

/** Clock of a log before its first record. */
export const BEFORE_LOG: LogClock = { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined }

/**
 * Returns the log's clock after a record. The clock advances by the time since the previous append, but by at most two tick
 * intervals, and it never goes back. Any time beyond two intervals is a clock gap: nothing was appended then, and it does not count
 * as silence of an entity. If a broker's clock jumps ahead and back, the log's clock gains at most two intervals. After the jump it
 * continues at once, instead of waiting until the other brokers reach that time.
 */
export function advance(clock: LogClock, appendMs: number): LogClock {
  const passed = clock.lastAppendMs === undefined ? 0 : appendMs - clock.lastAppendMs
  return {
    nowMs: clock.nowMs + limitStep(passed),
    lastAppendMs: appendMs,
    highestAppendMs: Math.max(appendMs, clock.highestAppendMs ?? appendMs),
  }
}

/**
 * Returns the clock gap before a record, in milliseconds: the part of the time since the previous append that the clock does not
 * count.
 */
export function clockGapMs(clock: LogClock, appendMs: number): number {
  if (clock.lastAppendMs === undefined) return 0
  return Math.max(0, appendMs - clock.lastAppendMs - MAX_STEP_MS)
}

/** Returns the span of a chunk. The chunk must contain at least one record. */
export function computeSpan(chunk: readonly LogRecord[]): Span {
  const appends = chunk.map(getClockMs)
  const advanceMs = appends
    .slice(1)
    .reduce((sum, at, index) => sum + limitStep(at - (appends[index] as number)), 0)
  return { firstAppendMs: appends[0] as number, advanceMs }
}

/** Returns the time of the clock at the end of a span. */
export function computeSpanEnd(
  { firstAppendMs, advanceMs }: Span,
  { nowMs, lastAppendMs }: LogClock,
): number {
  return nowMs + (lastAppendMs === undefined ? 0 : limitStep(firstAppendMs - lastAppendMs)) + advanceMs
}

/** Returns the time by which a record advances the clock: its append time, unless the clock counts records. */
export function getClockMs({ clockMs, timestampMs }: Pick<LogRecord, 'clockMs' | 'timestampMs'>): number {
  return clockMs ?? timestampMs
}

function limitStep(passedMs: number): number {
  return Math.min(Math.max(passedMs, 0), MAX_STEP_MS)
}
