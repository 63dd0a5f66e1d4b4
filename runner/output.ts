/** Log output of the process and its functions. The reader of the output may be slow or blocked. */
import type { Writable } from 'node:stream'
import type { Metrics } from './metrics/metrics.ts'

const LOST = 'sluice_runner_lost_log_lines_total'
const LOST_HELP = 'Log lines that were dropped because standard output was not read fast enough.'

/** Maximum number of buffered bytes. */
const MAX_WAITING = 8 * 1024 * 1024

/**
 * Writes lines without blocking. Unread lines are buffered up to a limit. After that, lines are dropped until the buffer is empty.
 * Dropped lines are counted and reported in a separate line.
 */
export class Output {
  readonly #out: Writable
  readonly #metrics: Metrics
  readonly #mostWaiting: number
  #lost = 0

  constructor(out: Writable, metrics: Metrics, mostWaiting = MAX_WAITING) {
    this.#out = out
    this.#metrics = metrics
    this.#mostWaiting = mostWaiting
    metrics.count(LOST, LOST_HELP, {}, 0)
  }

  /** Writes lines. @param text complete lines */
  write(text: string): void {
    if (this.#lost === 0 && this.#out.writableLength < this.#mostWaiting) this.#out.write(text)
    else this.#lose()
  }

  #lose(): void {
    if (this.#lost === 0) this.#out.once('drain', () => this.#tell())
    this.#lost += 1
    this.#metrics.count(LOST, LOST_HELP, {})
  }

  #tell(): void {
    const message = `${this.#lost} lines were dropped because standard output was not read fast enough`
    this.#lost = 0
    const line = { level: 'WARN', message, timestamp: new Date().toISOString(), service: 'run' }
    this.#out.write(`${JSON.stringify(line)}\n`)
  }
}
