/** Parses a line of a function's log. Pure. */
import { harmless, shortened } from '../text-width.ts'

/** Log line in the output of `--json`. */
export interface LogEntry {
  readonly function: string
  /** Time of the entry, RFC 3339; null if the line is not structured. */
  readonly time: string | null
  readonly level: string | null
  readonly message: string
  /** Other fields of a structured line. */
  readonly details: Readonly<Record<string, unknown>>
}

/** Fields of Powertools log lines that are not shown as details, because they are constant or shown elsewhere. */
const COMMON = new Set([
  'level',
  'message',
  'timestamp',
  'service',
  'cold_start',
  'function_arn',
  'function_memory_size',
  'function_name',
  'function_request_id',
  'sampling_rate',
  'xray_trace_id',
])

/**
 * Parses a line.
 *
 * @returns the entry, or `metrics` for a line that contains only metrics in the CloudWatch embedded metric format
 */
export function logEntry(name: string, line: string): LogEntry | 'metrics' {
  const parsed = structured(line)
  if (parsed === undefined) return { function: name, time: null, level: null, message: line, details: {} }
  if ('_aws' in parsed) return 'metrics'
  const { level, message, timestamp } = parsed
  const details = Object.fromEntries(Object.entries(parsed).filter(([member]) => !COMMON.has(member)))
  return {
    function: name,
    time: typeof timestamp === 'string' ? timestamp : null,
    level: typeof level === 'string' ? level : null,
    message: typeof message === 'string' ? message : JSON.stringify(message ?? ''),
    details,
  }
}

/** Formats an entry, such as `20:10:58.287  INFO   processor  batch  records=500 applied=498`. */
export function entryLine(entry: LogEntry, nameWidth: number, columns: number | undefined): string {
  const { time, level, message, details } = entry
  const fields = Object.entries(details).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const start = [
    (time ?? '').slice(11, 23).padEnd(12),
    (level ?? '').padEnd(5),
    entry.function.padEnd(nameWidth),
  ]
  const said = [message, ...(fields.length > 0 ? [fields.join(' ')] : [])]
  return shortened(harmless([...start, ...said].join('  ')), columns)
}

function structured(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value = JSON.parse(line)
    return 'level' in value || '_aws' in value ? value : undefined
  } catch {
    return undefined
  }
}
