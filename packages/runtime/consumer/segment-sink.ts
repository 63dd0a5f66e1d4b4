import type { Rejected } from './process.ts'
import type { Delivery } from './sink.ts'

/**
 * A sink for archives. It gets a range of one partition at a time, and writes it as one object whose name follows
 * from the range. A repeat has the same name and the same contents, so it rewrites the same object.
 *
 * That holds because the log alone says where a segment ends, and never a batch: Lambda cuts a retry differently, and a wall clock
 * says something else each time. A segment ends at the first of these:
 * - the last offset of its block of `offsets`: blocks are at multiples of that number, so that segments of different length meet
 *   there again;
 * - before the record with which it would exceed `bytes`;
 * - before the record that was appended `spanMs` after its first one.
 *
 * The applied offset of a segment sink moves from the end of one segment to the end of the next. The records of an unfinished
 * segment are acknowledged to Lambda, stay in the log, and are read back from there when the segment can be complete. So nothing is
 * collected in Redis, and an object is never extended: readers see a segment as a whole or not at all.
 */
export interface SegmentSink<Data = unknown> {
  /** Consumer group, prefix in Redis and dimension of the metrics. A renamed sink writes everything again. */
  readonly name: string
  /** Event types that it archives; any other is acknowledged as `not-mine`. */
  readonly accepts: readonly string[]
  /** Where segments end. After a change, segments that are written again may overlap those that were written before. */
  readonly segments: SegmentLimits
  /**
   * Writes the segment as one object, and replaces what has the same name. A segment may have no events; whether it is then
   * written is the sink's choice. If it throws anything else than the error below, the partition waits and is tried again: a
   * single event that cannot be written must be returned as rejected.
   *
   * @throws RetryableError if nothing can be written at present: the partition's records wait in Kafka
   */
  write(segment: Segment<Data>): Promise<Written>
  /** Called with the connections of the function being closed: ends what the sink has opened. */
  close?(): void | Promise<void>
}

/** Limits of a segment: the first that is reached ends it. */
export interface SegmentLimits {
  /** The offsets of a block: 1 to 5,000. */
  readonly offsets: number
  /** Approximate size of the records of a segment; 8 MiB by default. A larger record is a segment of its own. */
  readonly bytes?: number
  /**
   * Milliseconds of append time; an hour by default. It must be well below the retention of the topic. Append time passes with
   * records, so the topic needs ticks: without them, the last records wait for the next one.
   */
  readonly spanMs?: number
}

export const DEFAULT_SEGMENT_BYTES = 8 * 1024 * 1024
export const DEFAULT_SEGMENT_SPAN_MS = 60 * 60_000

/** A range of one partition. Each record of the partition is in exactly one. */
export interface Segment<Data = unknown> {
  /** The name in Kafka. */
  readonly topic: string
  readonly partition: number
  /** The offsets of the first and the last record, whatever became of them. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** `<topic>/<partition>/<first offset>-<last offset>`, padded so that names sort by offset. */
  readonly name: string
  /** New events in the order of the log, without repeats. What could not be decoded went to the failures topic. */
  readonly events: readonly Delivery<Data>[]
}

/** The object is written. */
export interface Written {
  readonly kind: 'written'
  /** A stable word for logs and metrics. */
  readonly reason: string
  /** The events that are not in the object because they can never be written, by offset. Each becomes a failure record. */
  readonly rejected: ReadonlyMap<number, Rejected>
}

/**
 * The segment is written.
 *
 * @param reason a stable word for logs and metrics
 * @param rejected the events that are not in it, by offset
 */
export function written(reason: string, rejected: ReadonlyMap<number, Rejected> = new Map()): Written {
  return { kind: 'written', reason, rejected }
}

/** Returns the name of a segment, without extension: topic, partition, first and last offset. */
export function segmentName(
  topic: string,
  partition: number,
  firstOffset: number,
  lastOffset: number,
): string {
  const padded = (offset: number) => String(offset).padStart(16, '0')
  return `${topic}/${partition}/${padded(firstOffset)}-${padded(lastOffset)}`
}
