/** Divides a log into segments. Pure. See `consumer/segment-sink.ts` for the rules. */
import { estimateSize, type LogRecord } from '../../cloudevents/record.ts'
import {
  DEFAULT_SEGMENT_BYTES,
  DEFAULT_SEGMENT_SPAN_MS,
  type SegmentSink,
} from '../../consumer/segment-sink.ts'
import type { LogClock } from '../model/log.ts'

/**
 * Maximum number of offsets in a segment. One commit contains the ids of all events of a segment, so this number limits the run
 * time of the commit script and the number of arguments, which Lua restricts.
 */
const MAX_OFFSETS = 5_000
/** Maximum number of offsets in a segment of a sink that accepts no event types: no ids are stored for it. */
const MAX_OFFSETS_WITHOUT_EVENTS = 50_000
/** Maximum size of a segment in bytes. A whole segment is kept in memory with its events. */
const MAX_BYTES = 64 * 1024 * 1024
/** Number of checks per time span and per block of offsets, while the start time of the first segment is unknown. */
const LOOKS = 10

export class SegmentCutter {
  readonly #offsets: number
  readonly #bytes: number
  readonly #spanMs: number

  constructor({ segments, accepts }: Pick<SegmentSink, 'segments' | 'accepts'>) {
    const { offsets, bytes = DEFAULT_SEGMENT_BYTES, spanMs = DEFAULT_SEGMENT_SPAN_MS } = segments
    const mostOffsets = accepts.length === 0 ? MAX_OFFSETS_WITHOUT_EVENTS : MAX_OFFSETS
    const isWithin = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most
    if (!isWithin(offsets, mostOffsets))
      throw new RangeError(`segments.offsets must be a whole number from 1 to ${mostOffsets}`)
    if (!isWithin(bytes, MAX_BYTES))
      throw new RangeError(`segments.bytes must be a whole number from 1 to ${MAX_BYTES}`)
    if (!isWithin(spanMs, Number.MAX_SAFE_INTEGER))
      throw new RangeError('segments.spanMs must be a whole number of milliseconds, 1 or more')
    this.#offsets = offsets
    this.#bytes = bytes
    this.#spanMs = spanMs
  }

  /**
   * Returns how many of the records form the next segment, given the records after the last segment. Returns undefined if the end
   * of the segment is not known yet.
   */
  complete(records: readonly LogRecord[]): number | undefined {
    const [first] = records
    if (!first) return undefined
    const lastOffset = this.#lastOfBlock(first.offset)
    let bytes = 0
    for (const [index, record] of records.entries()) {
      bytes += estimateSize(record)
      const isBeyond =
        record.offset > lastOffset ||
        bytes > this.#bytes ||
        // In either direction: the clock of a producer may have jumped.
        Math.abs(record.timestampMs - first.timestampMs) >= this.#spanMs
      if (isBeyond && index > 0) return index
      if (record.offset === lastOffset) return index + 1
    }
    return undefined
  }

  /**
   * Returns true if these records may contain the end of the next segment. Its first records are not loaded, and must be read if
   * this returns true.
   */
  mayEnd(appliedOffset: number, { lastAppendMs }: LogClock, records: readonly LogRecord[]): boolean {
    const lastOffset = this.#lastOfBlock(appliedOffset + 1)
    const bytes = records.reduce((sum, record) => sum + estimateSize(record), 0)
    const isLong = ({ offset, timestampMs }: LogRecord) =>
      lastAppendMs === undefined
        ? offset % LOOKS === 0 || timestampMs % this.#spanMs < this.#spanMs / LOOKS
        : Math.abs(timestampMs - lastAppendMs) >= this.#spanMs
    return bytes > this.#bytes || records.some(record => record.offset >= lastOffset || isLong(record))
  }

  #lastOfBlock(offset: number): number {
    return (Math.floor(offset / this.#offsets) + 1) * this.#offsets - 1
  }
}
