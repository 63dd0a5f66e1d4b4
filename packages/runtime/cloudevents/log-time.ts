import { decodeText, type HeaderBytes } from './header-bytes.ts'
import type { LogRecord, RecordHeader } from './record.ts'

/**
 * Source of the append time that can be configured: `append` uses the timestamp of the record, `carried` uses the original timestamp
 * in a header of a replayed record.
 */
export const LOG_TIMES = ['append', 'carried'] as const
/** Source of the append time. `counted` moves the clock by `COUNTED_MS` for each offset, whatever the timestamps of the records are. */
export type LogTime = (typeof LOG_TIMES)[number] | 'counted'

/**
 * Time for which a counted record stands, in milliseconds. Stores remove ids by the hour of the clock, which then has 100,000
 * records.
 */
export const COUNTED_MS = 36

/** Name of the header with the original append time, in decimal milliseconds since the epoch. */
const CARRIED = 'sluice-logtime'

/** Returns the record with the time by which it advances the clock of its log. */
export function withLogTime(record: LogRecord, logTime: LogTime): LogRecord {
  if (logTime === 'append') return record
  return logTime === 'counted' ? { ...record, clockMs: record.offset * COUNTED_MS } : withCarriedTime(record)
}

/** Returns the record with the original append time from its header. A record without this header is returned unchanged. */
function withCarriedTime(record: LogRecord): LogRecord {
  const carried = readCarried(record.headers)
  return carried === undefined ? record : { ...record, timestampMs: carried }
}

/**
 * Returns the headers of a replayed record, with a header for its original append time. If the headers already contain an original
 * append time, this time is used instead of `appendedMs`. The time is shifted by the same amount as the record.
 *
 * @param appendedMs append time of the record, in milliseconds since the epoch
 * @param movedMs time by which the record is shifted, in milliseconds
 */
export function carryingTime<Bytes extends HeaderBytes>(
  headers: readonly RecordHeader<Bytes>[],
  appendedMs: number,
  movedMs: number,
): readonly RecordHeader<Bytes | Buffer>[] {
  const originalMs = readCarried(headers) ?? appendedMs
  const carried = Buffer.from(String(Math.max(0, originalMs + movedMs)))
  return [...headers.filter(([name]) => name !== CARRIED), [CARRIED, carried]]
}

export function carriesTime({ headers }: LogRecord): boolean {
  return readCarried(headers) !== undefined
}

function readCarried(headers: readonly RecordHeader[]): number | undefined {
  const header = headers.find(([name]) => name === CARRIED)
  const carried = (header && decodeText(header[1])) ?? ''
  return /^\d{1,15}$/.test(carried) ? Number(carried) : undefined
}
