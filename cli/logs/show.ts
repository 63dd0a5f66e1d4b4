/** Shows logs of functions. The last lines of all functions are sorted by time; after them, new lines are shown. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  FRAMEWORK,
  frameworkLog,
  functionLog,
  functionLogsDir,
  loggedFunctions,
} from '../../programs/function-logs.ts'
import { LogFile } from '../../programs/log-file.ts'
import { StoppedByUser } from '../failure.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { entryLine, type LogEntry, logEntry } from './entry.ts'

export interface LogsPlan {
  readonly logsDir: string
  /** Names of the functions; empty for all functions. */
  readonly functions: readonly string[]
  /** Number of existing lines to show for each function. */
  readonly last: number
  readonly follow: boolean
  readonly json: boolean
}

/** Number of bytes at the end of each file that are read for its last lines. */
const LAST_BYTES = 1024 * 1024
const LOOK_EVERY_MS = 200

/**
 * Shows the logs.
 *
 * @throws StoppedByUser if the logs are followed and a signal stops the command, which is how it normally ends
 */
export async function showLogs(plan: LogsPlan, terminal: Terminal): Promise<void> {
  const files = new Map(namesOf(plan).map(name => [name, new LogFile(fileOf(plan, name), LAST_BYTES)]))
  const timed = [...files].flatMap(([name, file]) => inTime(entriesIn(name, file)))
  const shown = timed.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).slice(-plan.last)
  for (const { entry } of shown) print(entry, plan, terminal)
  if (!plan.follow) return
  while (!terminal.stop.aborted) {
    // Look for new files, because a function has no file before it first logs something.
    for (const name of namesOf(plan)) if (!files.has(name)) files.set(name, new LogFile(fileOf(plan, name)))
    for (const [name, file] of files) for (const entry of entriesIn(name, file)) print(entry, plan, terminal)
    await pause(LOOK_EVERY_MS, undefined, { signal: terminal.stop }).catch(() => {})
  }
  throw new StoppedByUser()
}

function namesOf({ functions, logsDir }: LogsPlan): readonly string[] {
  return functions.length > 0 ? functions : loggedFunctions(functionLogsDir(logsDir))
}

function fileOf({ logsDir }: LogsPlan, name: string): string {
  return name === FRAMEWORK ? frameworkLog(logsDir) : functionLog(functionLogsDir(logsDir), name)
}

function entriesIn(name: string, file: LogFile): LogEntry[] {
  return file.read().flatMap(line => {
    const entry = line.trim() === '' ? 'metrics' : logEntry(name, line)
    return entry === 'metrics' ? [] : [entry]
  })
}

/** Sorts the entries by time. A line without a time belongs to the previous line. */
function inTime(entries: readonly LogEntry[]): { entry: LogEntry; time: string }[] {
  let time = ''
  return entries.map(entry => {
    time = entry.time ?? time
    return { entry, time }
  })
}

function print(entry: LogEntry, plan: LogsPlan, terminal: Terminal): void {
  const width = Math.max(...namesOf(plan).map(name => name.length))
  const line = plan.json ? JSON.stringify(entry) : entryLine(entry, width, columnsOf(terminal))
  terminal.stdout.write(`${line}\n`)
}
