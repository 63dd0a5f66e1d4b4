/** Parses lines of the functions' log and of the trigger's reports. Pure. */
import type { LoggedLine } from '../../lib/diagnosis/stalls/function-log.ts'
import type { Report } from '../../packages/msk-trigger/report/reports.ts'

/** End of a scheduled run. */
interface ScheduledRun {
  readonly is: 'run'
  readonly function: string
  /** Error message; undefined if the run succeeded. */
  readonly error?: string
}

export type LogLine = LoggedLine | ScheduledRun

// serverless-offline prefixes lines with a symbol if it considers them errors.
const FAILED_SCHEDULE = /^(?:\S )?Failed to execute scheduled function: \[(.+?)\] (?:Error: )*(.*)$/
const SUCCEEDED_SCHEDULE = /^(?:\S )?Successfully invoked scheduled function: \[(.+?)\]/

/**
 * Parses a line of the functions' log. Returns undefined for lines that do not affect the health of the functions, which are nearly
 * all.
 */
export function readLogLine(line: string): LogLine | undefined {
  const [, failed, error] = FAILED_SCHEDULE.exec(line) ?? []
  if (failed !== undefined) return { is: 'run', function: failed, error: error || 'without a message' }
  const [, succeeded] = SUCCEEDED_SCHEDULE.exec(line) ?? []
  if (succeeded !== undefined) return { is: 'run', function: succeeded }
  if (!line.startsWith('{"level":"')) return undefined
  const logged = parsed<Record<string, unknown>>(line)
  if (logged === undefined) return undefined
  const { level, service = '', message = '', timestamp: _, ...details } = logged
  return ['WARN', 'ERROR', 'CRITICAL'].includes(String(level))
    ? ({ is: 'logged', level, service, message, details } as LoggedLine)
    : undefined
}

/** Message about a truncated report. */
export const BROKEN_REPORT =
  'a truncated report of the trigger was skipped, as after a full disk. A problem may be missing above'

/** Parses a line of the trigger's reports. If the disk was full, a line contains only the beginning of a report. */
export function readReport(line: string): Report | 'broken' | 'empty' {
  return line === '' ? 'empty' : (parsed<Report>(line) ?? 'broken')
}

/** Parses a line of JSON. Returns undefined if the line is truncated. */
function parsed<Line>(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line
  } catch {
    return undefined
  }
}
