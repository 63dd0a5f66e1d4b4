/** A warning or error that a function has logged. */
export interface LoggedLine {
  readonly is: 'logged'
  readonly level: 'WARN' | 'ERROR' | 'CRITICAL'
  readonly service: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The end of a scheduled run. */
interface ScheduledRun {
  readonly is: 'run'
  readonly function: string
  /** Undefined if it succeeded. */
  readonly error?: string
}

export type LogLine = LoggedLine | ScheduledRun

// serverless-offline puts a symbol before lines that it considers errors.
const FAILED_SCHEDULE = /^(?:\S )?Failed to execute scheduled function: \[(.+?)\] (?:Error: )*(.*)$/
const SUCCEEDED_SCHEDULE = /^(?:\S )?Successfully invoked scheduled function: \[(.+?)\]/

/** Parses a line of the functions' log; undefined for nearly all of them. */
export function readLogLine(line: string): LogLine | undefined {
  const [, failed, error] = FAILED_SCHEDULE.exec(line) ?? []
  if (failed !== undefined) return { is: 'run', function: failed, error: error || 'without a message' }
  const [, succeeded] = SUCCEEDED_SCHEDULE.exec(line) ?? []
  if (succeeded !== undefined) return { is: 'run', function: succeeded }
  return loggedLine(line)
}

function loggedLine(line: string): LoggedLine | undefined {
  if (!line.startsWith('{"level":"')) return undefined
  try {
    const { level, service = '', message = '', timestamp: _, ...details } = JSON.parse(line)
    return ['WARN', 'ERROR', 'CRITICAL'].includes(level)
      ? { is: 'logged', level, service, message, details }
      : undefined
  } catch {
    return undefined
  }
}
