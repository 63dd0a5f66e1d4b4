import { textOf } from './header-bytes.ts'
import type { LogRecord } from './record.ts'

/** Whose time a consumer goes by: the log's own, or the one that a replayed log carries from the log it was made of. */
export const LOG_TIMES = ['append', 'carried'] as const
export type LogTime = (typeof LOG_TIMES)[number]

/** Decimal milliseconds since the epoch. */
const CARRIED = 'sluice-logtime'

/** The record with the append time that it carries; as it is where it carries none. */
export function withCarriedTime(record: LogRecord): LogRecord {
  const header = record.headers.find(([name]) => name === CARRIED)
  const carried = (header && textOf(header[1])) ?? ''
  return /^\d{1,15}$/.test(carried) ? { ...record, timestampMs: Number(carried) } : record
}
