import { type HeaderBytes, textOf } from './header-bytes.ts'
import type { LogRecord, RecordHeader } from './record.ts'

/** Which append time a consumer uses: that of its log, or, for a replayed log, the original one that each record carries. */
export const LOG_TIMES = ['append', 'carried'] as const
export type LogTime = (typeof LOG_TIMES)[number]

/** Decimal milliseconds since the epoch. */
const CARRIED = 'sluice-logtime'

/** The record with the append time that it carries; unchanged if it carries none. */
export function withCarriedTime(record: LogRecord): LogRecord {
  const carried = carriedIn(record.headers)
  return carried === undefined ? record : { ...record, timestampMs: carried }
}

/**
 * The headers with an append time to carry. One that they carry already is the original one: it stays, and moves with the record.
 *
 * @param appendedMs when the record was appended, milliseconds since the epoch
 * @param movedMs milliseconds by which it is moved
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
