import { type HeaderBytes, textOf } from './header-bytes.ts'
import type { LogRecord, RecordHeader } from './record.ts'

/**
 * Append time that a consumer uses: `append` for that of its log or, for a replayed log, `carried` for the
 * original one that each record carries.
 */
export const LOG_TIMES = ['append', 'carried'] as const
export type LogTime = (typeof LOG_TIMES)[number]

/** Header with the carried append time, in decimal milliseconds since the epoch. */
const CARRIED = 'sluice-logtime'

/** Returns the record with the append time that it carries. A record without one is returned unchanged. */
export function withCarriedTime(record: LogRecord): LogRecord {
  const carried = carriedIn(record.headers)
  return carried === undefined ? record : { ...record, timestampMs: carried }
}

/**
 * Returns the headers with an append time to carry. An append time that they already carry is the original
 * one and is kept, shifted by the same time as the record.
 *
 * @param appendedMs append time of the record, in milliseconds since the epoch
 * @param movedMs time by which the record is shifted, in milliseconds
 */
export function carryingTime<Bytes extends HeaderBytes>(
  headers: readonly RecordHeader<Bytes>[],
  appendedMs: number,
  movedMs: number,
): readonly RecordHeader<Bytes | Buffer>[] {
  const originalMs = carriedIn(headers) ?? appendedMs
  const carried = Buffer.from(String(Math.max(0, originalMs + movedMs)))
  return [...headers.filter(([name]) => name !== CARRIED), [CARRIED, carried]]
}

export function carriesTime({ headers }: LogRecord): boolean {
  return carriedIn(headers) !== undefined
}

function carriedIn(headers: readonly RecordHeader[]): number | undefined {
  const header = headers.find(([name]) => name === CARRIED)
  const carried = (header && textOf(header[1])) ?? ''
  return /^\d{1,15}$/.test(carried) ? Number(carried) : undefined
}
