/** Output of the process and its functions: log lines to a reader that may be slow or blocked. */
import type { Writable } from 'node:stream'
import type { Metrics } from './metrics/metrics.ts'

const LOST = 'sluice_runner_lost_log_lines_total'
const LOST_HELP = 'Lines of the log that were left out, because nothing read standard output for too long.'

/** Maximum number of bytes that wait for the reader. */
const MAX_WAITING = 8 * 1024 * 1024

/**
 * Writes lines without blocking: unread ones are kept up to a limit. Later ones are dropped until all of those have been read;
 * they are counted, and reported in a line of their own.
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

  /** @param text whole lines */
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
    const message = `${this.#lost} lines were left out: nothing read them fast enough`
    this.#lost = 0
    const line = { level: 'WARN', message, timestamp: new Date().toISOString(), service: 'run' }
    this.#out.write(`${JSON.stringify(line)}\n`)
  }
}
