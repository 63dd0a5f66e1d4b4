/** Problems of the functions, from the trigger's reports and the functions' logs. Pure: time is passed as an argument. */

import { LogRateLimit } from '#runtime/operating/reports'
import { count } from '../../lib/support/count.ts'
import { durationText } from '../../lib/support/duration.ts'
import { isObject } from '../../lib/support/json.ts'
import type { Report } from '../../packages/msk-trigger/report/reports.ts'
import { functionLog } from '../../scripts/log-paths.ts'
import type { Attempt } from './holder.ts'

type Of<Kind extends Report['report']> = Extract<Report, { report: Kind }>

/** A stalled part: a partition of a function's topic, or the whole function. */
interface Stall {
  readonly function: string
  readonly topic: string
  readonly partition: string
  readonly obstacle: string
  readonly reason: string
  readonly attempt: number
  readonly sinceMs: number
}

/** Shows each problem once, and its end, and lists unresolved problems at the end of a run. */
export class Problems {
  readonly #say: (line: string) => void
  readonly #functionLogs: string
  readonly #stalls = new Map<string, Stall>()
  /** Starts of the invocations without an answer, by function, topic and partition. */
  readonly #running = new Map<string, number>()
  /** Scheduled functions whose last run failed, with the reasons. */
  readonly #failedRuns = new Map<string, string>()
  readonly #lost: string[] = []
  readonly #repeats: LogRateLimit
  readonly #warnings: LogRateLimit

  /** @param functionLogs folder with a log for each function */
  constructor(say: (line: string) => void, functionLogs: string, now: () => number = Date.now) {
    this.#say = say
    this.#functionLogs = functionLogs
    this.#repeats = new LogRateLimit(undefined, now)
    this.#warnings = new LogRateLimit(10 * 60_000, now)
  }

  /** Handles a report of the trigger. */
  handleReport(report: Report, nowMs: number): void {
    if (report.report === 'stalled') this.#handleStall(report, nowMs)
    // A new process reports its own stalls, and what is no longer read does not stall.
    else if (report.report === 'mapped' || report.report === 'unmapped') {
      this.#resume(stall => stall.function === report.function && stall.topic === report.topic, nowMs)
      const prefix = `${report.function}|${report.topic}|`
      for (const key of [...this.#running.keys()].filter(key => key.startsWith(prefix)))
        this.#running.delete(key)
    } else if (report.report === 'running')
      for (const partition of Object.keys(report.offsets))
        this.#running.set(`${report.function}|${report.topic}|${partition}`, nowMs - report.forMs)
    else if (report.report === 'returned')
      for (const partition of report.partitions)
        this.#running.delete(`${report.function}|${report.topic}|${partition}`)
    else if (report.report === 'resumed') this.#handleResume(report, nowMs)
    else if (report.report === 'discarded') this.#handleDiscard(report)
    else if (report.report === 'ended') this.#lose(report.function, firstLine(report.reason))
  }

  /** Handles a line of the functions' log. */
  handleLogLine(line: string): void {
    const run = readRun(line)
    if (run) {
      this.handleRun(run.function, run.error)
      return
    }
    const logged = readLogged(line)
    if (logged === undefined) return
    const { level, service = '', message = '', timestamp: _, ...details } = logged
    if (!['WARN', 'ERROR', 'CRITICAL'].includes(String(level))) return
    const { kind = message, code } = details
    // A warning with a reason has one cause, whichever functions notice it.
    const [limit, cause] =
      level === 'WARN' ? [this.#warnings, details.reason ?? service] : [this.#repeats, service]
    if (limit.due([level, cause, kind, code].join('|')) === undefined) return
    const shown = SHOWN.filter(name => name in details).map(name => `${name}=${formatValue(details[name])}`)
    this.#say([`${level === 'WARN' ? '!' : '✗'} ${service}: ${message}`, ...shown].join(' '))
  }

  /** Handles the end of a scheduled run. @param error undefined if the run succeeded */
  handleRun(name: string, error: string | undefined): void {
    const failed = this.#failedRuns.get(name)
    if (error === undefined) {
      if (failed !== undefined) this.#say(`✓ ${name} runs again`)
      this.#failedRuns.delete(name)
      return
    }
    const reason = error.replace(/\.$/, '')
    this.#failedRuns.set(name, firstLine(reason))
    if (failed === undefined) this.#say(`✗ ${name} failed: ${reason}. Its schedule runs it again.`)
  }

  /** Returns the unresolved problems. */
  get unresolvedProblems(): string[] {
    const stalled = Map.groupBy(this.#stalls.values(), stall => stall.function)
    return [
      ...[...stalled].map(([name, stalls]) => `${name} is stalled: ${stalls[0]?.reason}`),
      ...[...this.#failedRuns].map(([name, reason]) => `the last run of ${name} failed: ${reason}`),
      ...this.#lost,
    ]
  }

  /** Returns the attempt of a function that has failed or has run for longest, in a topic. */
  findAttempt(name: string, topic: string): Attempt {
    const failed = [...this.#stalls.values()].find(stall => stall.function === name && stall.topic === topic)
    const starts = [...this.#running]
      .filter(([key]) => key.startsWith(`${name}|${topic}|`))
      .map(([, ms]) => ms)
    return { failed, runningSinceMs: starts.length > 0 ? Math.min(...starts) : undefined }
  }

  /** Returns true if a function is stalled. */
  isStalled(name: string): boolean {
    return [...this.#stalls.values()].some(stall => stall.function === name)
  }

  #handleStall(report: Of<'stalled'>, nowMs: number): void {
    const { function: name, topic, obstacle, offsets, attempt } = report
    const reason = firstLine(report.reason)
    const wasStalled = this.isStalled(name)
    for (const partition of offsets ? Object.keys(offsets) : ['']) {
      const key = [name, topic, obstacle, partition].join('|')
      const sinceMs = this.#stalls.get(key)?.sinceMs ?? nowMs
      this.#stalls.set(key, { function: name, topic, partition, obstacle, reason, attempt, sinceMs })
    }
    // An outage of a server stalls all functions for the same reason.
    if (!wasStalled && this.#repeats.due(reason) !== undefined)
      this.#say(
        `✗ ${name} is stalled: ${reason}. It is retried. ${
          report.kind === 'no-topic'
            ? `Create the topic: npx sluice topics create ${topic}`
            : `More: ${functionLog(this.#functionLogs, name)}`
        }`,
      )
  }

  #handleResume({ function: name, topic, obstacle, partitions }: Of<'resumed'>, nowMs: number): void {
    this.#resume(
      stall =>
        stall.function === name &&
        stall.topic === topic &&
        stall.obstacle === obstacle &&
        (stall.partition === '' || partitions === undefined || partitions.includes(Number(stall.partition))),
      nowMs,
    )
  }

  #resume(fits: (stall: Stall) => boolean, nowMs: number): void {
    for (const [key, stall] of [...this.#stalls].filter(([, one]) => fits(one))) {
      this.#stalls.delete(key)
      if (!this.isStalled(stall.function))
        this.#say(`✓ ${stall.function} continues (after ${durationText(nowMs - stall.sinceMs)})`)
    }
  }

  #handleDiscard({ function: name, reason, records, destination }: Of<'discarded'>): void {
    const what = `${count(records, 'record')} discarded: ${firstLine(reason)}`
    if (destination === null) this.#lose(name, `${what}. There is no destination, so they are lost`)
    else this.#say(`! ${name}: ${what}. Sent to ${destination}.`)
  }

  #lose(name: string, what: string): void {
    this.#say(`✗ ${name}: ${what}`)
    this.#lost.push(`${name}: ${what}`)
  }
}

/** Details of a log line that are shown to the user, in this order. */
const SHOWN = ['reason', 'failure', 'error', 'place', 'entity', 'topic', 'partition', 'offset', 'records']

// serverless-offline prefixes lines with a symbol if it considers them errors.
const FAILED_SCHEDULE = /^(?:\S )?Failed to execute scheduled function: \[(.+?)\] (?:Error: )*(.*)$/
const SUCCEEDED_SCHEDULE = /^(?:\S )?Successfully invoked scheduled function: \[(.+?)\]/

/** Returns the end of a scheduled run from a line of the framework's log. */
function readRun(line: string): { readonly function: string; readonly error?: string } | undefined {
  const [, failed, error] = FAILED_SCHEDULE.exec(line) ?? []
  if (failed !== undefined) return { function: failed, error: error || 'without a message' }
  const [, succeeded] = SUCCEEDED_SCHEDULE.exec(line) ?? []
  return succeeded === undefined ? undefined : { function: succeeded }
}

function readLogged(line: string): Readonly<Record<string, unknown>> | undefined {
  return line.startsWith('{"level":"') ? parseLine(line) : undefined
}

/** Parses a line of the trigger's reports. Returns undefined for an empty line, and for one that a full disk has truncated. */
export function readReport(line: string): Report | undefined {
  return line === '' ? undefined : parseLine<Report>(line)
}

/** Parses a line of JSON. Returns undefined if the line is truncated. */
function parseLine<Line = Record<string, unknown>>(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line
  } catch {
    return undefined
  }
}

/** Returns the first line of a reason, and the first error that it lists, without a colon or a full stop at the end of a line. */
function firstLine(reason: string): string {
  const [first = '', second = ''] = reason.split('\n')
  const error = second.trim().replace(/^- /, '')
  // An error of a file begins with its place, FILE:LINE:COLUMN, and any other one with a dash.
  const isListed = error !== second.trim() || error.split('  ')[0]?.split(':').length === 3
  return (isListed ? [first, error] : [first]).map(line => line.replace(/[:.]$/, '')).join(': ')
}

/** Formats a value of a log line as text. Powertools logs an error as an object. */
function formatValue(value: unknown): string {
  if (!isObject(value)) return String(value)
  const { message } = value
  return message === undefined ? JSON.stringify(value) : String(message)
}
