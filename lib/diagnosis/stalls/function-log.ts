/** Warnings and errors that functions log, and what they mean for the health of the functions. Pure. */
import { Repeats } from '../../../packages/runtime/adapters/lambda/repeats.ts'
import { durationText } from '../../duration.ts'
import { deferredCause, reportedFailures } from './causes.ts'
import type { Cause } from './stalls.ts'
import { listOf } from './words.ts'

/** A warning or error that a function has logged. */
export interface LoggedLine {
  readonly is: 'logged'
  readonly level: 'WARN' | 'ERROR' | 'CRITICAL'
  readonly service: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The meaning of a kind of lines. All others are shown, and resolved by the progress of their function. */
interface Kind {
  /** The line for all consumers that have logged it for the same event. */
  readonly together?: (shared: Shared) => string
  /** Explains only records that a function reports as failed. The report itself is shown instead. */
  readonly explains?: true
  /** No progress resolves it: records are lost, or an entity may be in two partitions. */
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

/** Lines of this kind that arrive within this time are shown as one. */
const TOGETHER_MS = 2_000
/** A function logs each reason for reporting records once a minute. */
const REASON_HOLDS_MS = 70_000
/** A function logs the errors of an attempt before the attempt is known to have failed. */
const BEFORE_STALL_MS = 2_000

interface Shared {
  readonly services: Set<string>
  /** The longest duration. */
  ms: number
  readonly sinceMs: number
}

interface LoggedError {
  readonly function: string
  readonly message: string
  readonly atMs: number
  /** The event that resolves it. The end of a stall counts only if the error belongs to that stall. */
  readonly end:
    | 'never'
    | 'stall'
    | { readonly topic: string; readonly partition: number; readonly offset: number }
  belongsToStall: boolean
}

/**
 * Warnings and errors of the functions: each kind is shown once a minute, and once for all functions where they share it. An error stays
 * until it is resolved: one with a range of offsets when the function has passed the range, one of a failed attempt when the function
 * continues, any other never.
 */
export class FunctionLog {
  #nowMs = 0
  readonly #repeats = new Repeats(undefined, () => this.#nowMs)
  readonly #shared = new Map<string, Shared>()
  #errors: readonly LoggedError[] = []
  /** The latest reason of each function for reporting records. */
  readonly #reasons = new Map<string, { readonly cause: Cause; readonly atMs: number }>()
  /** The place in the code of a function that fails for nearly all records. */
  readonly #broken = new Map<string, unknown>()

  /**
   * Handles a line. Returns the line to show now, if any.
   *
   * @param isStalled whether the function is currently stalled
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

  /** Returns the lines that are due for several functions. */
  due(nowMs: number): string[] {
    this.#nowMs = nowMs
    return [...this.#shared].flatMap(([kind, shared]) => {
      if (nowMs - shared.sinceMs < TOGETHER_MS) return []
      this.#shared.delete(kind)
      return this.#repeats.due(kind) === undefined ? [] : (KINDS[kind]?.together?.(shared) ?? [])
    })
  }

  /** Handles a line that explains reported records. Returns the cause that it contains; undefined if it contains none. */
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

  /** The cause for which a function reports records as failed. */
  reasonOf(name: string, nowMs: number): Cause {
    const known = this.#reasons.get(name)
    return known && nowMs - known.atMs < REASON_HOLDS_MS ? known.cause : reportedFailures(name)
  }

  /** Adds a permanent loss. */
  addLoss(name: string, message: string, nowMs: number): void {
    this.#keep({ function: name, message, atMs: nowMs, end: 'never', belongsToStall: false })
  }

  /** The function is stalled: errors that it logged just before belong to the same attempt. */
  stalled(name: string, nowMs: number): void {
    for (const one of this.#errors)
      if (one.function === name && nowMs - one.atMs < BEFORE_STALL_MS) one.belongsToStall = true
  }

  /** The function continues. */
  resumed(name: string): void {
    this.#resolve(one => one.function === name && one.end === 'stall' && one.belongsToStall)
  }

  /** The function has processed everything before this offset. */
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

  /** The unresolved errors, one phrase per function and message. */
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

/** Returns true if a line only explains reported records. */
export function isExplanation(line: LoggedLine): boolean {
  return kindOf(line).explains ?? false
}

function kindOf({ details: { kind } }: LoggedLine): Kind {
  return typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? (KINDS[kind] as Kind) : {}
}

/** The details of a line that are useful to the user. */
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

/** Powertools logs an error as an object. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value)
  const { message } = value as { message?: unknown }
  return message === undefined ? JSON.stringify(value) : String(message)
}
