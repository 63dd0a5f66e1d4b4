import type { ForeignRecord } from './application.ts'
import type { Rejected } from './process.ts'
import type { Delivery } from './sink.ts'

/**
 * A sink for archives. It receives a range of one partition at a time, and writes it as one object whose name
 * is derived from the range. A repeat has the same name and the same contents, so it rewrites the same
 * object.
 *
 * This is possible because the end of a segment depends only on the log. It must not depend on batches, which
 * Lambda divides differently in a retry, or on a wall clock. A segment ends at the first of these:
 * - the last offset of its block of `offsets`: blocks begin at multiples of that number, so that segments of
 *   different lengths realign there;
 * - before the record with which it would exceed `bytes`;
 * - before the record whose append time differs by `spanMs` from that of its first one.
 *
 * The applied offset of a segment sink moves from the end of one segment to the end of the next. The records
 * of an unfinished segment are acknowledged to Lambda, stay in the log, and are read back from there when the
 * segment can be complete. Therefore no records are collected in Redis, and an object is never extended:
 * readers see a whole segment or none.
 */
export interface SegmentSink<Data = unknown> {
  /** Name of the sink, its consumer group, Redis prefix and metrics dimension. A renamed sink writes all segments again. */
  readonly name: string
  /**
   * Event types to archive. Events of other types are acknowledged with the reason `not-mine`. A sink that archives whole records
   * uses `Segment.records` and accepts no types.
   */
  readonly accepts: readonly string[]
  /** Limits that determine where segments end. After a change, rewritten segments may overlap earlier segments. */
  readonly segments: SegmentLimits
  /**
   * Writes the segment as one object. An existing object of the same name must be replaced. A segment may contain no events; the
   * sink decides whether to write it. If this method throws any error other than RetryableError, the partition waits and the
   * segment is tried again. Therefore an event that can never be written must be returned as rejected.
   *
   * @throws RetryableError if nothing can be written at present; the records of the partition then wait in Kafka
   */
  write(segment: Segment<Data>): Promise<Written>
  /** Called when the function closes its connections. It should release the resources that the sink has opened. */
  close?(): void | Promise<void>
}

/** Limits of a segment. The first limit that is reached ends it. */
export interface SegmentLimits {
  /** Number of offsets in a block, 1 to 5,000, or to 50,000 if the sink accepts no event types. */
  readonly offsets: number
  /** Approximate size of the records of a segment, in bytes; 8 MiB by default. A larger record forms a segment of its own. */
  readonly bytes?: number
  /**
   * Maximum time span of a segment, in milliseconds of append time; an hour by default. It must be well below the retention of the
   * topic. The topic needs ticks, because only records advance the append time. Without ticks, the last records of the log wait
   * until another record arrives.
   */
  readonly spanMs?: number
}

export const DEFAULT_SEGMENT_BYTES = 8 * 1024 * 1024
export const DEFAULT_SEGMENT_SPAN_MS = 60 * 60_000

/** A range of one partition. Each record of the partition belongs to exactly one segment. */
export interface Segment<Data = unknown> {
  /** Kafka name of the topic. */
  readonly topic: string
  readonly partition: number
  /** Offset of the first record of the segment. The range includes all records, whatever their outcome is. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** Name `<topic>/<partition>/<first offset>-<last offset>`. The offsets are padded with zeros, so that names sort by offset. */
  readonly name: string
  /** All records of the segment as they are in the log, whatever their outcome is. */
  readonly records: readonly ForeignRecord[]
  /** New events in the order of the log, without repeats. Records that could not be decoded have become failure records instead. */
  readonly events: readonly Delivery<Data>[]
}

/** Result of a written segment. */
export interface Written {
  readonly kind: 'written'
  /** Reason for logs and metrics, which should be a stable word. */
  readonly reason: string
  /** Events that are not in the object because they can never be written, by offset. Each of them becomes a failure record. */
  readonly rejected: ReadonlyMap<number, Rejected>
}

/**
 * Returns the result for a written segment.
 *
 * @param reason stable word for logs and metrics
 * @param rejected events that are not in the object, by offset
 */
export function confirmSegment(reason: string, rejected: ReadonlyMap<number, Rejected> = new Map()): Written {
  return { kind: 'written', reason, rejected }
}

/** Returns the name of a segment without an extension. It consists of the topic, the partition, and the first and last offset. */
export function segmentName(
  topic: string,
  partition: number,
  firstOffset: number,
  lastOffset: number,
): string {
  const padOffset = (offset: number) => String(offset).padStart(16, '0')
  return `${topic}/${partition}/${padOffset(firstOffset)}-${padOffset(lastOffset)}`
}
