export interface Backoff {
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
}

/** The wait after the given failed attempt, counted from 1: doubled each time, up to the maximum. */
export function delayAfter(attempt: number, { retryDelayMs, maxRetryDelayMs }: Backoff): number {
  return Math.min(maxRetryDelayMs, retryDelayMs * 2 ** Math.min(attempt - 1, 30))
}

/** Whether a failure that repeats is worth a line: attempts 1, 2, 4, 8, … so the log stays readable for hours. */
export function isWorthALine(attempt: number): boolean {
  return Number.isInteger(Math.log2(attempt))
}
