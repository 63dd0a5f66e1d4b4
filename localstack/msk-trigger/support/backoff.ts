export interface Backoff {
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
}

/** The delay after a failed attempt, counted from 1. It doubles with each attempt, up to the maximum. */
export function delayAfter(attempt: number, { retryDelayMs, maxRetryDelayMs }: Backoff): number {
  return Math.min(maxRetryDelayMs, retryDelayMs * 2 ** Math.min(attempt - 1, 30))
}

/** Whether to log a repeated failure: at attempts 1, 2, 4, 8, …, so that the log stays readable for hours. */
export function shouldLog(attempt: number): boolean {
  return Number.isInteger(Math.log2(attempt))
}
