export type Handler = (...args: unknown[]) => unknown

/** Where the outcome of an invocation goes. Only the first call counts. */
export interface Outcome {
  succeed(result: unknown): void
  fail(thrown: unknown): void
  /** Fails where Lambda's process would end as well. */
  failForGood(thrown: unknown): void
}

export interface Call {
  /** Nothing is left in the event loop that could still give an outcome. */
  loopIsEmpty(): void
}
