/** System clock and terminal, for code that receives them as arguments. */

/** Monotonic time, wall-clock time and timers, all in milliseconds. */
export interface Clock {
  nowMs(): number
  /** Returns the wall-clock time in milliseconds since the epoch. */
  epochMs(): number
  /** Calls a function after a delay. @returns a function that cancels the timer */
  after(ms: number, call: () => void): () => void
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  epochMs: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

export function warnOnTerminal(line: string): void {
  console.warn(line)
}
