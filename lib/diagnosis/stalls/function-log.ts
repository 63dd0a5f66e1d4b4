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

/**
 * Handling of log lines of one kind. Lines without a special kind are shown, and count as resolved when their function makes
 * progress.
 */
interface Kind {
  /** Returns a single line that represents the same event in several functions. */
  readonly together?: (shared: Shared) => string
  /** True if the line only explains why a function reports records as failed. The report is then shown instead of the line. */
  readonly explains?: true
  /** True if progress does not resolve the problem, for example because records are lost. */
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

/** Time in milliseconds within which lines of this kind are combined into one line. */
const TOGETHER_MS = 2_000
/** Time in milliseconds for which a logged reason remains valid. Functions log each reason once a minute. */
const REASON_HOLDS_MS = 70_000
/** Maximum time, in milliseconds, between the log lines of an attempt and the report that the attempt failed. */
const BEFORE_STALL_MS = 2_000

interface Shared {
  readonly services: Set<string>
  /** Longest duration among the combined lines, in milliseconds. */
  ms: number
  readonly sinceMs: number
}

interface LoggedError {
  readonly function: string
  readonly message: string
  readonly atMs: number
  /** Event that resolves the error. The end of a stall resolves the error only if the error belongs to that stall. */
  readonly end:
    | 'never'
    | 'stall'
    | { readonly topic: string; readonly partition: number; readonly offset: number }
  belongsToStall: boolean
}

/**
 * Collects warnings and errors of the functions. Each kind is shown once a minute; if several functions log the same event, it is
 * shown once for all of them. An error is resolved when its function passes the affected offsets, or continues after a failed
 * attempt. Other errors are never resolved.
 */
export class FunctionLog {
  #nowMs = 0
  readonly #repeats = new Repeats(undefined, () => this.#nowMs)
  readonly #shared = new Map<string, Shared>()
  #errors: readonly LoggedError[] = []
  /** Latest cause by function, for functions that report records as failed. */
  readonly #reasons = new Map<string, { readonly cause: Cause; readonly atMs: number }>()
  /** Location of the failing code, by function, for functions whose circuit breaker has opened. */
  readonly #broken = new Map<string, unknown>()

  /**
   * Processes a log line, and returns a line to show now, if any.
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

  /** Returns the combined lines whose waiting time has elapsed. */
  due(nowMs: number): string[] {
    this.#nowMs = nowMs
    return [...this.#shared].flatMap(([kind, shared]) => {
      if (nowMs - shared.sinceMs < TOGETHER_MS) return []
      this.#shared.delete(kind)
      return this.#repeats.due(kind) === undefined ? [] : (KINDS[kind]?.together?.(shared) ?? [])
    })
  }

  /** Processes a log line that explains failed records. Returns the cause; undefined if the line does not contain one. */
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

  /** Returns the cause for records that a function reports as failed. */
  reasonOf(name: string, nowMs: number): Cause {
    const known = this.#reasons.get(name)
    return known && nowMs - known.atMs < REASON_HOLDS_MS ? known.cause : reportedFailures(name)
  }

  /** Adds an error about lost records. Such an error is never resolved. */
  addLoss(name: string, message: string, nowMs: number): void {
    this.#keep({ function: name, message, atMs: nowMs, end: 'never', belongsToStall: false })
  }

  /** Marks a function as stalled. Errors that it logged shortly before belong to the stall. */
  stalled(name: string, nowMs: number): void {
    for (const one of this.#errors)
      if (one.function === name && nowMs - one.atMs < BEFORE_STALL_MS) one.belongsToStall = true
  }

  /** Marks a function as running again, which resolves the errors of its stall. */
  resumed(name: string): void {
    this.#resolve(one => one.function === name && one.end === 'stall' && one.belongsToStall)
  }

  /** Resolves the function's errors in a partition, up to this offset. */
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

  /** Unresolved errors, as one phrase per function and message. */
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

/** Returns whether a log line only explains failed records. */
export function isExplanation(line: LoggedLine): boolean {
  return kindOf(line).explains ?? false
}

function kindOf({ details: { kind } }: LoggedLine): Kind {
  return typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? (KINDS[kind] as Kind) : {}
}

/** Details of a log line that are shown to the user, in this order. */
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

/** Formats a value of a log line as text. Powertools logs an error as an object. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value)
  const { message } = value as { message?: unknown }
  return message === undefined ? JSON.stringify(value) : String(message)
}
