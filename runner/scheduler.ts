/** Calls functions when their schedules are due, each one run at a time. A run that fails is called again soon. */
import type { Log } from '../packages/msk-trigger/engine.ts'
import type { Metrics } from './metrics/metrics.ts'
import { type Times, timesOf } from './schedule-times.ts'

const RUNS = 'sluice_runner_scheduled_runs_total'
const RUNS_HELP =
  'Times at which a schedule was due: ok, error (also after its retries), or skipped because the run before was not over.'
const OUTCOMES = ['ok', 'error', 'skipped'] as const
const RETRIES = 'sluice_runner_scheduled_retries_total'
const RETRIES_HELP = 'Runs of a schedule that were called again because they had failed.'
const LAST_OK = 'sluice_runner_last_run_timestamp_seconds'
const LAST_OK_HELP = 'When the last run that succeeded was due, in seconds since 1970.'

/** A timer of Node counts no further than 24 days. */
const MAX_WAIT_MS = 60 * 60 * 1_000
const MINUTE_MS = 60_000
/**
 * How long after a run has failed it is called again: the first time, the second, the third. Lambda takes one minute and two, so
 * there nothing that is due each minute is called again.
 */
const RETRY_AFTER_MS = [5_000, 30_000, 120_000] as const

export interface ScheduledFunction {
  readonly name: string
  /** Expression as in `serverless.yml`. */
  readonly expression: string
  /** Whether a run lasts until the next one is due, and can be ended anywhere. The first one at a start is short. */
  readonly isLong?: boolean
}

interface SchedulerParts {
  readonly log: Log
  readonly metrics: Metrics
  /** Runs a function for this time, in milliseconds since the epoch. A retry has the time of the run that failed. */
  run(name: string, dueMs: number, isFirst: boolean): Promise<unknown>
  readonly now?: () => number
}

/** A run for one time at which its schedule was due. */
interface DueRun {
  readonly name: string
  readonly dueMs: number
  /** How often it has been called and has failed. */
  readonly failures: number
  /** Whether the process has just started, and the schedule is not due. */
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

  /** @throws RangeError for an expression that cannot be read */
  constructor(functions: readonly ScheduledFunction[], parts: SchedulerParts) {
    this.#times = new Map(functions.map(({ name, expression }) => [name, timesOf(expression)]))
    this.#long = new Set(functions.filter(({ isLong }) => isLong).map(({ name }) => name))
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /**
   * Waits for the due times from now on. Functions due each minute are called now as well, one after another in the order of the
   * list: rules come before readings, without a wait for the next minute.
   */
  start(): void {
    for (const [name, times] of this.#times) {
      // A rate is seen only from the second value on: without a 0, the first run that fails would raise no alert.
      for (const outcome of OUTCOMES) this.#count(name, outcome, 0)
      this.#wait(name, times)
    }
    void this.#callFirst([...this.#times].filter(([, { everyMs }]) => everyMs === MINUTE_MS))
  }

  /** Calls nothing more, and resolves when what runs is over, except long runs. */
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
      // Timers and the clock do not agree to the millisecond, and the clock can be set.
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
      this.#parts.log.notice(`${name}: its scheduled run succeeds again, after ${failing.calls} that failed`)
  }

  /** An outage is reported once, and again only for another reason. */
  #failed(due: DueRun, reason: string): void {
    const { name } = due
    const pauseMs = this.#pauseMs(due)
    if (pauseMs === undefined) this.#count(name, 'error')
    else this.#retryAfter(pauseMs, due)
    const known = this.#failing.get(name)
    this.#failing.set(name, { reason, calls: (known?.calls ?? 0) + 1 })
    if (known?.reason === reason) return
    this.#parts.log.error(`${name}: its scheduled run failed${this.#next(pauseMs)}: ${reason}`)
  }

  #next(pauseMs: number | undefined): string {
    if (this.#isStopped) return ' while the process stops'
    return `, and is called again ${pauseMs === undefined ? 'when it is due next' : `in ${pauseMs / 1_000} s`}`
  }

  /** How long to wait before it is called again; undefined if that is left to the next time at which it is due. */
  #pauseMs({ name, failures }: DueRun): number | undefined {
    const pauseMs = RETRY_AFTER_MS[failures - 1]
    const nowMs = this.#now()
    if (pauseMs === undefined || this.#isStopped) return undefined
    const nextMs = this.#times.get(name)?.after(nowMs)
    return nextMs === undefined || nowMs + pauseMs < nextMs ? pauseMs : undefined
  }

  #retryAfter(pauseMs: number, due: DueRun): void {
    const retry = () => {
      // A later run does the same work.
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
