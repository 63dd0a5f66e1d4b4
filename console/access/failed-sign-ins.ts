/** Handling of failed sign-ins. The response to an unknown token is delayed, and each attempt is reported. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from 'hono'
import { routePath } from 'hono/route'
import type { ConsoleHono } from '../http/person.ts'
import { ProblemError } from '../http/problem.ts'

const LATELY_MS = 60_000
const FIRST_DELAY_MS = 250
const MAX_DELAY_MS = 1_000
/** Maximum number of delayed responses at a time. Further failed sign-ins are rejected immediately. */
const MAX_WAITING = 5

interface Options {
  readonly report: (failed: { readonly route: string }) => void
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<void>
}

/** Delays, counts and reports the failed sign-ins of this process. */
export class FailedSignIns {
  readonly #options: Required<Options>
  #atMs: readonly number[] = []
  #waiting = 0

  constructor(options: Options) {
    this.#options = { now: Date.now, wait: async ms => void (await pause(ms)), ...options }
  }

  /** Reports a failed sign-in and delays the response to it. @throws ProblemError if too many responses are already delayed */
  async add(context: Context<ConsoleHono>): Promise<void> {
    const { report, now, wait } = this.#options
    if (this.#waiting >= MAX_WAITING)
      throw new ProblemError('busy', 'Too many failed sign-ins. Try again in a moment.')
    const nowMs = now()
    this.#atMs = this.#atMs.filter(atMs => atMs > nowMs - LATELY_MS).slice(-MAX_WAITING)
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#atMs.length, MAX_DELAY_MS)
    this.#atMs = [...this.#atMs, nowMs]
    report({ route: routePath(context) })
    this.#waiting += 1
    await wait(delayMs).finally(() => {
      this.#waiting -= 1
    })
  }
}
