import { deferredCause, reportedFailures } from './causes.ts'
import type { LoggedLine } from './log-lines.ts'
import type { Cause } from './stalls.ts'

/** A function says why it reports records once a minute for each reason. */
const HOLDS_MS = 70_000

/** Why functions report records as failed, as their own log tells it. */
export class Reasons {
  readonly #learned = new Map<string, { readonly cause: Cause; readonly atMs: number }>()
  /** By function: where its code fails at nearly all records. */
  readonly #broken = new Map<string, unknown>()

  /** Returns the cause that a line tells of; undefined where it tells of none. */
  learn({ service, details }: LoggedLine, nowMs: number): Cause | undefined {
    if (details.kind === 'breaker-open') this.#broken.set(service, details.place ?? details.fault)
    if (details.kind !== 'deferred') return undefined
    const cause = deferredCause(service, {
      ...(details.reason === 'flood' && { place: this.#broken.get(service) }),
      ...details,
    })
    this.#learned.set(service, { cause, atMs: nowMs })
    return cause
  }

  of(name: string, nowMs: number): Cause {
    const learned = this.#learned.get(name)
    return learned && nowMs - learned.atMs < HOLDS_MS ? learned.cause : this.unknown(name)
  }

  /** The cause where nothing was learned. */
  unknown(name: string): Cause {
    return reportedFailures(name)
  }
}

/** Whether a line only says why records are reported: the report itself is what is shown. */
export function isExplanation({ details }: LoggedLine): boolean {
  return details.kind === 'deferred' || details.kind === 'breaker-open'
}
