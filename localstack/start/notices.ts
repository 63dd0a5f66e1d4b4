import { Repeats } from '../../lib/adapters/lambda/repeats.ts'
import type { LoggedLine } from './log-lines.ts'
import { loggedLine } from './screen.ts'
import { durationOf, listOf } from './words.ts'

/** Kinds that every consumer tells of the same outage: one line tells of all, when all have had the time to. */
const SHARED: Readonly<Record<string, (told: Shared) => string>> = {
  'clock-gap': ({ ms }) => `! The log was silent for ${durationOf(ms)}; timers do not count that time.`,
  'no-applied-offset': ({ services }) =>
    `! ${listOf(services)}: the store knows nothing of partitions that have a past, so they are read from their beginning.`,
}
const TOGETHER_MS = 2_000

interface Shared {
  readonly services: Set<string>
  /** The longest. */
  ms: number
  readonly sinceMs: number
}

/** Warnings and errors of the functions as lines of the screen: each kind once a minute, and once for all who share it. */
export class Notices {
  #nowMs = 0
  readonly #repeats = new Repeats(undefined, () => this.#nowMs)
  readonly #shared = new Map<string, Shared>()

  /** The line to show at once, where there is one. */
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
