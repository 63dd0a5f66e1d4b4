/** Interprets the warnings and errors that functions log. Pure. */
import { Repeats } from '../../../packages/runtime/adapters/lambda/repeats.ts'
import { durationText } from '../../duration.ts'
import { deferredCause, reportedFailures } from './causes.ts'
import type { Cause } from './stalls.ts'
import { listOf } from './words.ts'

/** Warning or error that a function has logged. */
export interface LoggedLine {
  readonly is: 'logged'
  readonly level: 'WARN' | 'ERROR' | 'CRITICAL'
  readonly service: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Treatment of a kind of log lines. Lines of other kinds are shown, and count as resolved when their function makes progress. */
interface Kind {
  /** Returns the line that represents all consumers that have logged the same event. */
  readonly together?: (shared: Shared) => string
  /** True if the line only explains records that a function reports as failed. The report is shown instead of the line. */
  readonly explains?: true
  /** True if progress does not resolve the problem, because records are lost or an entity may be in two partitions. */
  readonly lasts?: true
}

const KINDS: Readonly<Record<string, Kind>> = {
  'clock-gap': {
    together: ({ ms }) => `! The log was silent for ${durationText(ms)}; timers do not count that time.`,
  },
  'no-applied-offset': {
    together: ({ services }) =>
      `! ${listOf(services)}: the store has no state for partitions with committed offsets, so they are read from their beginning.`,
  },
  deferred: { explains: true },
  'breaker-open': { explains: true },
  'records-lost': { lasts: true },
  misrouted: { lasts: true },
  'timed-by-producers': { lasts: true },
  'metrics-not-written': { lasts: true },
}

/** Time in milliseconds within which lines of this kind are combined into one. */
const TOGETHER_MS = 2_000
/** Time in milliseconds for which a reason for reporting records is valid. A function logs each reason once a minute. */
const REASON_HOLDS_MS = 70_000
/** Time in milliseconds by which the log lines of an attempt may precede the report that it failed. */
const BEFORE_STALL_MS = 2_000

interface Shared {
  readonly services: Set<string>
  /** Longest reported duration, in milliseconds. */
  ms: number
  readonly sinceMs: number
}

interface LoggedError {
  readonly function: string
  readonly message: string
  readonly atMs: number
  /** Event that resolves the error. The end of a stall resolves it only if the error belongs to that stall. */
  readonly end:
    | 'never'
    | 'stall'
    | { readonly topic: string; readonly partition: number; readonly offset: number }
  belongsToStall: boolean
}

/**
 * Warnings and errors of the functions. Each kind is shown once a minute, and once for all functions that log
 * the same event. An error stays unresolved until its function has passed its range of offsets, or continues
 * after a failed attempt. Other errors are never resolved.
 */
export class FunctionLog {
  #nowMs = 0
  readonly #repeats = new Repeats(undefined, () => this.#nowMs)
  readonly #shared = new Map<string, Shared>()
  #errors: readonly LoggedError[] = []
  /** Latest reason for which each function reports records. */
  readonly #reasons = new Map<string, { readonly cause: Cause; readonly atMs: number }>()
  /** Location in the code of each function that fails for nearly all records. */
  readonly #broken = new Map<string, unknown>()

  /**
   * Processes a line. Returns the line to show now, if any.
   *
   * @param isStalled true if the function is currently stalled
   */
  add(line: LoggedLine, isStalled: boolean, nowMs: number): string | undefined {
    this.#nowMs = nowMs
    const { level, service, message, details } = line
    const { kind, code } = details
    if (level !== 'WARN') this.#addError(line, isStalled, nowMs)
    if (kindOf(line).together) {
      this.#share(line, nowMs)
      return undefined
    }
    const isDue = this.#repeats.due([level, service, kind ?? message, code].join('|')) !== undefined
    return isDue ? loggedLine(line) : undefined
  }

  /** Returns the combined lines that are due. */
  due(nowMs: number): string[] {
    this.#nowMs = nowMs
    return [...this.#shared].flatMap(([kind, shared]) => {
      if (nowMs - shared.sinceMs < TOGETHER_MS) return []
      this.#shared.delete(kind)
      return this.#repeats.due(kind) === undefined ? [] : (KINDS[kind]?.together?.(shared) ?? [])
    })
  }

  /** Processes a line that explains reported records. Returns the cause in it; undefined if it has none. */
  explain({ service, details }: LoggedLine, nowMs: number): Cause | undefined {
    if (details.kind === 'breaker-open') this.#broken.set(service, details.place ?? details.failure)
    if (details.kind !== 'deferred') return undefined
    const cause = deferredCause(service, {
      ...(details.reason === 'breaker-open' && { place: this.#broken.get(service) }),
      ...details,
    })
    this.#reasons.set(service, { cause, atMs: nowMs })
    return cause
  }

  /** Returns the cause for which a function reports records as failed. */
  reasonOf(name: string, nowMs: number): Cause {
    const known = this.#reasons.get(name)
    return known && nowMs - known.atMs < REASON_HOLDS_MS ? known.cause : reportedFailures(name)
  }

  /** Adds an error about lost records, which is never resolved. */
  addLoss(name: string, message: string, nowMs: number): void {
    this.#keep({ function: name, message, atMs: nowMs, end: 'never', belongsToStall: false })
  }

  /** Marks the function as stalled. Errors that it logged shortly before belong to the same attempt. */
  stalled(name: string, nowMs: number): void {
    for (const one of this.#errors)
      if (one.function === name && nowMs - one.atMs < BEFORE_STALL_MS) one.belongsToStall = true
  }

  /** Marks the function as running again. */
  resumed(name: string): void {
    this.#resolve(one => one.function === name && one.end === 'stall' && one.belongsToStall)
  }

  /** Reports that the function has processed everything before this offset. */
  passed(name: string, topic: string, partition: number, nextOffset: number): void {
    this.#resolve(
      ({ function: owner, end }) =>
        owner === name &&
        typeof end === 'object' &&
        end.topic === topic &&
        end.partition === partition &&
        end.offset < nextOffset,
    )
  }

  /** Unresolved errors, one phrase per function and message. */
  get unresolved(): string[] {
    const phrases = Map.groupBy(this.#errors, one => `${one.function} logged an error: ${one.message}`)
    return [...phrases].map(([phrase, { length }]) => (length > 1 ? `${phrase} (${length} times)` : phrase))
  }

  #addError(line: LoggedLine, isStalled: boolean, nowMs: number): void {
    const { service, message, details } = line
    const { topic, partition, toOffset } = details
    const isRange = typeof topic === 'string' && typeof partition === 'number' && typeof toOffset === 'number'
    const progress = isRange ? { topic, partition, offset: toOffset } : 'stall'
    const end = kindOf(line).lasts ? 'never' : progress
    this.#keep({ function: service, message, atMs: nowMs, end, belongsToStall: isStalled })
  }

  #share({ service, details }: LoggedLine, nowMs: number): void {
    const kind = String(details.kind)
    const shared = this.#shared.get(kind) ?? { services: new Set<string>(), ms: 0, sinceMs: nowMs }
    shared.services.add(service)
    shared.ms = Math.max(shared.ms, Number(details.ms ?? 0))
    this.#shared.set(kind, shared)
  }

  #keep(error: LoggedError): void {
    this.#errors = [...this.#errors, error]
  }

  #resolve(isResolved: (error: LoggedError) => boolean): void {
    if (this.#errors.some(isResolved)) this.#errors = this.#errors.filter(one => !isResolved(one))
  }
}

/** Returns whether a line only explains reported records. */
export function isExplanation(line: LoggedLine): boolean {
  return kindOf(line).explains ?? false
}

function kindOf({ details: { kind } }: LoggedLine): Kind {
  return typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? (KINDS[kind] as Kind) : {}
}

/** Details of a log line that are shown to the user. */
const SHOWN = [
  'reason',
  'failure',
  'error',
  'place',
  'entity',
  'topic',
  'partition',
  'offset',
  'fromOffset',
  'toOffset',
  'records',
  'unsaid',
]

function loggedLine({ level, service, message, details }: LoggedLine): string {
  const shown = SHOWN.filter(name => name in details).map(name => `${name}=${textOf(details[name])}`)
  return [`${level === 'WARN' ? '!' : '✗'} ${service}: ${message}`, ...shown].join(' ')
}

/** Returns the text of a value. Powertools logs an error as an object. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value)
  const { message } = value as { message?: unknown }
  return message === undefined ? JSON.stringify(value) : String(message)
}
