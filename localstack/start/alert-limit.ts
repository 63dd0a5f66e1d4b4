import { count } from '../../lib/support/count.ts'

/** Number of lines that a span shows. Further alerts of the span are summed up in one line. */
const MAX_LINES = 5
const SPAN_MS = 5_000

/** Decides which alerts have a line of their own, so that many at once leave the terminal readable. Pure: time is an argument. */
export class AlertLimit {
  #startMs = Number.NEGATIVE_INFINITY
  #shown = 0
  #hidden = 0

  /** Returns the lines to show now for a further alert. */
  add(line: string, nowMs: number): readonly string[] {
    const sum = this.flush(nowMs)
    if (nowMs >= this.#startMs + SPAN_MS) {
      this.#startMs = nowMs
      this.#shown = 0
    }
    if (this.#shown === MAX_LINES) {
      this.#hidden += 1
      return sum
    }
    this.#shown += 1
    return [...sum, line]
  }

  /** Returns the line with the alerts that had none, once their span is over. */
  flush(nowMs: number): readonly string[] {
    if (this.#hidden === 0 || nowMs < this.#startMs + SPAN_MS) return []
    const line = `… and ${count(this.#hidden, 'change')} of alerts in ${SPAN_MS / 1000} s: npx sluice alerts list`
    this.#hidden = 0
    return [line]
  }
}
