import { listOf } from '../../lib/diagnosis/stalls/words.ts'
import { durationText } from '../../lib/duration.ts'
import { Repeats } from '../../packages/runtime/adapters/lambda/repeats.ts'
import type { LoggedLine } from './log-lines.ts'
import { loggedLine } from './screen.ts'

/** Kinds that every consumer logs for the same outage. They are collected into one line. */
const SHARED: Readonly<Record<string, (told: Shared) => string>> = {
  'clock-gap': ({ ms }) => `! The log was silent for ${durationText(ms)}; timers do not count that time.`,
  'no-applied-offset': ({ services }) =>
    `! ${listOf(services)}: the store has no state for partitions with committed offsets, so they are read from their beginning.`,
}
const TOGETHER_MS = 2_000

interface Shared {
  readonly services: Set<string>
  /** The longest duration. */
  ms: number
  readonly sinceMs: number
}

/**
 * Turns warnings and errors of the functions into lines for the screen: each kind once a minute, and shared kinds once
 * for all functions.
 */
export class Notices {
  #nowMs = 0
  readonly #repeats = new Repeats(undefined, () => this.#nowMs)
  readonly #shared = new Map<string, Shared>()

  /** Returns the line to show now, if any. */
  add(line: LoggedLine, nowMs: number): string | undefined {
    this.#nowMs = nowMs
    const { level, service, message, details } = line
    const { kind, code, ms } = details
    if (typeof kind === 'string' && Object.hasOwn(SHARED, kind)) {
      const shared = this.#shared.get(kind) ?? { services: new Set<string>(), ms: 0, sinceMs: nowMs }
      shared.services.add(service)
      shared.ms = Math.max(shared.ms, Number(ms ?? 0))
      this.#shared.set(kind, shared)
      return undefined
    }
    const isDue = this.#repeats.due([level, service, kind ?? message, code].join('|')) !== undefined
    return isDue ? loggedLine(line) : undefined
  }

  due(nowMs: number): string[] {
    this.#nowMs = nowMs
    return [...this.#shared].flatMap(([kind, shared]) => {
      if (nowMs - shared.sinceMs < TOGETHER_MS) return []
      this.#shared.delete(kind)
      return this.#repeats.due(kind) === undefined ? [] : (SHARED[kind]?.(shared) ?? [])
    })
  }
}
