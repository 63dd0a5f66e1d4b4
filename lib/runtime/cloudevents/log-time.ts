import { textOf } from './header-bytes.ts'
import type { LogRecord } from './record.ts'

/** Which append time a consumer uses: that of its log, or, for a replayed log, the original one that each record carries. */
export const LOG_TIMES = ['append', 'carried'] as const
export type LogTime = (typeof LOG_TIMES)[number]

/** Decimal milliseconds since the epoch. */
const CARRIED = 'sluice-logtime'

/** The record with the append time that it carries; unchanged if it carries none. */
export function withCarriedTime(record: LogRecord): LogRecord {
  const carried = carriedTime(record)
  return carried === undefined ? record : { ...record, timestampMs: carried }
}

export function carriesTime(record: LogRecord): boolean {
  return carriedTime(record) !== undefined
}

function carriedTime({ headers }: LogRecord): number | undefined {
  const header = headers.find(([name]) => name === CARRIED)
  const carried = (header && textOf(header[1])) ?? ''
  return /^\d{1,15}$/.test(carried) ? Number(carried) : undefined
}
