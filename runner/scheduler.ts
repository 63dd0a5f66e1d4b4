/** Calls functions when their schedules are due. Runs of a function never overlap. Failed runs are retried after a delay. */
import type { Log } from '../packages/msk-trigger/engine.ts'
import type { Metrics } from './metrics/metrics.ts'
import { type Times, timesOf } from './schedule-times.ts'

const RUNS = 'sluice_runner_scheduled_runs_total'
const RUNS_HELP =
  'Due times of a schedule, by outcome: ok, error (after all retries), or skipped because the previous run had not ended.'
const OUTCOMES = ['ok', 'error', 'skipped'] as const
const RETRIES = 'sluice_runner_scheduled_retries_total'
const RETRIES_HELP = 'Retries of failed scheduled runs.'
const LAST_OK = 'sluice_runner_last_run_timestamp_seconds'
const LAST_OK_HELP = 'Due time of the last successful run, in seconds since 1970.'

/** Maximum delay of a timer, in milliseconds. Timers of Node.js are limited to 24 days. */
const MAX_WAIT_MS = 60 * 60 * 1_000
const MINUTE_MS = 60_000
/**
 * Delays of the first, second and third retry of a failed run. Lambda uses one and two minutes, so it does not retry functions with
 * a schedule of one minute.
 */
const RETRY_AFTER_MS = [5_000, 30_000, 120_000] as const

export interface ScheduledFunction {
  readonly name: string
  /** Schedule expression as in `serverless.yml`. */
  readonly expression: string
  /**
   * True if each run lasts until the next run is due and can be ended at any point. The first run after the start of the process is
   * short.
   */
  readonly isLong?: boolean
}

interface SchedulerParts {
  readonly log: Log
  readonly metrics: Metrics
  /** Runs a function for a due time in epoch milliseconds. A retry has the due time of the failed run. */
  run(name: string, dueMs: number, isFirst: boolean): Promise<unknown>
  readonly now?: () => number
}

/** A run of a schedule for one due time. */
interface DueRun {
  readonly name: string
  readonly dueMs: number
  /** Number of failed attempts. */
  readonly failures: number
  /** True for the run at the start of the process, when the schedule is not due. */
  readonly isFirst?: boolean
}

export class Scheduler {
  readonly #times: ReadonlyMap<string, Times>
  readonly #long: ReadonlySet<string>
  readonly #parts: SchedulerParts
  readonly #now: () => number
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #retries = new Map<string, NodeJS.Timeout>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #failing = new Map<string, { readonly reason: string; readonly calls: number }>()
  #isStopped = false

  /** Creates the scheduler. @throws RangeError for an invalid expression */
  constructor(functions: readonly ScheduledFunction[], parts: SchedulerParts) {
    this.#times = new Map(functions.map(({ name, expression }) => [name, timesOf(expression)]))
    this.#long = new Set(functions.filter(({ isLong }) => isLong).map(({ name }) => name))
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /**
   * Waits for the due times from now on. Functions with a schedule of one minute are also called immediately, one after another in
   * the order of the list. Thus, rules are appended before readings, and nothing waits for the next minute.
   */
  start(): void {
    for (const [name, times] of this.#times) {
      // Initialize the counter with 0. Without it, the first failed run would not raise an alert, because a rate needs two values.
      for (const outcome of OUTCOMES) this.#count(name, outcome, 0)
      this.#wait(name, times)
    }
    void this.#callFirst([...this.#times].filter(([, { everyMs }]) => everyMs === MINUTE_MS))
  }

  /** Stops calling functions, and resolves when running calls have ended, except long ones. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const timer of [...this.#timers.values(), ...this.#retries.values()]) clearTimeout(timer)
    await Promise.all([...this.#running].map(([name, run]) => (this.#long.has(name) ? undefined : run)))
  }

  async #callFirst(schedules: readonly (readonly [name: string, times: Times])[]): Promise<void> {
    for (const [name] of schedules) await this.#call({ name, dueMs: this.#now(), failures: 0, isFirst: true })
  }

  #wait(name: string, times: Times): void {
    const dueMs = times.after(this.#now())
    if (dueMs === undefined || this.#isStopped) return
    const look = () => {
      const waitMs = dueMs - this.#now()
      // Compare with the clock again: timers can differ from the clock by milliseconds, and the clock can be changed.
      if (waitMs > 0) this.#timers.set(name, setTimeout(look, Math.min(waitMs, MAX_WAIT_MS)))
      else {
        void this.#call({ name, dueMs, failures: 0 })
        this.#wait(name, times)
      }
    }
    look()
  }

  #call(due: DueRun): Promise<void> {
    const { name } = due
    if (this.#isStopped) return Promise.resolve()
    if (this.#running.has(name)) {
      this.#count(name, 'skipped')
      return Promise.resolve()
    }
    const run = this.#run(due).finally(() => this.#running.delete(name))
    this.#running.set(name, run)
    return run
  }

  async #run(due: DueRun): Promise<void> {
    const { name, dueMs, isFirst = false } = due
    try {
      await this.#parts.run(name, dueMs, isFirst)
    } catch (error) {
      if (this.#isStopped && this.#long.has(name)) return
      this.#failed({ ...due, failures: due.failures + 1 }, messageOf(error))
      return
    }
    this.#count(name, 'ok')
    this.#parts.metrics.set(LAST_OK, LAST_OK_HELP, { function: name }, dueMs / 1_000)
    const failing = this.#failing.get(name)
    this.#failing.delete(name)
    if (failing)
      this.#parts.log.notice(`${name}: the scheduled run succeeded after ${failing.calls} failures`)
  }

  /** Handles a failed run. An outage is reported once, and again only if the reason changes. */
  #failed(due: DueRun, reason: string): void {
    const { name } = due
    const pauseMs = this.#pauseMs(due)
    if (pauseMs === undefined) this.#count(name, 'error')
    else this.#retryAfter(pauseMs, due)
    const known = this.#failing.get(name)
    this.#failing.set(name, { reason, calls: (known?.calls ?? 0) + 1 })
    if (known?.reason === reason) return
    this.#parts.log.error(`${name}: the scheduled run failed${this.#next(pauseMs)}: ${reason}`)
  }

  #next(pauseMs: number | undefined): string {
    if (this.#isStopped) return ' while the process stops'
    return `, and is retried ${pauseMs === undefined ? 'at the next due time' : `in ${pauseMs / 1_000} s`}`
  }

  /** Returns the delay before a retry; undefined if the next run is due before the retry. */
  #pauseMs({ name, failures }: DueRun): number | undefined {
    const pauseMs = RETRY_AFTER_MS[failures - 1]
    const nowMs = this.#now()
    if (pauseMs === undefined || this.#isStopped) return undefined
    const nextMs = this.#times.get(name)?.after(nowMs)
    return nextMs === undefined || nowMs + pauseMs < nextMs ? pauseMs : undefined
  }

  #retryAfter(pauseMs: number, due: DueRun): void {
    const retry = () => {
      // Do not retry during a later run, because it does the same work.
      if (this.#running.has(due.name)) return
      this.#parts.metrics.count(RETRIES, RETRIES_HELP, { function: due.name })
      void this.#call(due)
    }
    this.#retries.set(due.name, setTimeout(retry, pauseMs))
  }

  #count(name: string, outcome: (typeof OUTCOMES)[number], by = 1): void {
    this.#parts.metrics.count(RUNS, RUNS_HELP, { function: name, outcome }, by)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
