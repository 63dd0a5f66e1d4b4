/** Time, chance and the terminal, for code that gets them as arguments. */
import { randomUUID } from 'node:crypto'

/** Time that never goes back, the time of day, and timers; all in milliseconds. */
export interface Clock {
  nowMs(): number
  /** Since the epoch. */
  epochMs(): number
  /** @returns cancels it */
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

export const newId: () => string = randomUUID

export function warnOnTerminal(line: string): void {
  console.warn(line)
}
