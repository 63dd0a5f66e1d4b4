/** Calls functions when their schedules are due, each one run at a time. */
import type { Log } from '../../localstack/msk-trigger/engine.ts'
import type { Metrics } from './metrics/metrics.ts'
import { type Times, timesOf } from './schedule-times.ts'

const RUNS = 'sluice_runner_scheduled_runs_total'
const RUNS_HELP =
  'Times at which a schedule was due: ok, error, or skipped because the run before was not over.'
const LAST_OK = 'sluice_runner_last_run_timestamp_seconds'
const LAST_OK_HELP = 'When the last run that succeeded was due, in seconds since 1970.'

/** A timer of Node counts no further than 24 days. */
const LONGEST_WAIT_MS = 60 * 60 * 1_000
const MINUTE_MS = 60_000

export interface ScheduledFunction {
  readonly name: string
  /** As in `serverless.yml`. */
  readonly expression: string
}

interface SchedulerParts {
  readonly log: Log
  readonly metrics: Metrics
  /** Runs a function for this time, in milliseconds since the epoch. */
  run(name: string, dueMs: number): Promise<unknown>
  readonly now?: () => number
}

export class Scheduler {
  readonly #schedules: readonly { readonly name: string; readonly times: Times }[]
  readonly #parts: SchedulerParts
  readonly #now: () => number
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #running = new Map<string, Promise<void>>()
  #isStopped = false

  /** @throws RangeError for an expression that cannot be read */
  constructor(functions: readonly ScheduledFunction[], parts: SchedulerParts) {
    this.#schedules = functions.map(({ name, expression }) => ({ name, times: timesOf(expression) }))
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /**
   * Waits for the due times from now on. What is due each minute is called now as well, one after another in the order of the
   * list: rules come before readings, and nobody has to wait for the next minute.
   */
  start(): void {
    for (const { name, times } of this.#schedules) this.#wait(name, times)
    void this.#callFirst(this.#schedules.filter(({ times }) => times.everyMs === MINUTE_MS))
  }

  /** Calls nothing more, and resolves when what runs is over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await Promise.all(this.#running.values())
  }

  async #callFirst(schedules: readonly { readonly name: string }[]): Promise<void> {
    for (const { name } of schedules) await this.#call(name, this.#now())
  }

  #wait(name: string, times: Times): void {
    const dueMs = times.after(this.#now())
    if (dueMs === undefined || this.#isStopped) return
    const look = () => {
      const waitMs = dueMs - this.#now()
      // Timers and the clock do not agree to the millisecond, and the clock can be set.
      if (waitMs > 0) this.#timers.set(name, setTimeout(look, Math.min(waitMs, LONGEST_WAIT_MS)))
      else {
        void this.#call(name, dueMs)
        this.#wait(name, times)
      }
    }
    look()
  }

  #call(name: string, dueMs: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    if (this.#running.has(name)) {
      this.#count(name, 'skipped')
      return Promise.resolve()
    }
    const run = this.#run(name, dueMs).finally(() => this.#running.delete(name))
    this.#running.set(name, run)
    return run
  }

  async #run(name: string, dueMs: number): Promise<void> {
    const { log, metrics } = this.#parts
    try {
      await this.#parts.run(name, dueMs)
      this.#count(name, 'ok')
      metrics.set(LAST_OK, LAST_OK_HELP, { function: name }, dueMs / 1_000)
    } catch (error) {
      this.#count(name, 'error')
      log.error(
        `${name}: its scheduled run failed, and is called again when it is due next: ${messageOf(error)}`,
      )
    }
  }

  #count(name: string, outcome: 'ok' | 'error' | 'skipped'): void {
    this.#parts.metrics.count(RUNS, RUNS_HELP, { function: name, outcome })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
