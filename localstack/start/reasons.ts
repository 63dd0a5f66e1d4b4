import { deferredCause, reportedFailures } from '../../lib/diagnosis/stalls/causes.ts'
import type { Cause } from '../../lib/diagnosis/stalls/stalls.ts'
import type { LoggedLine } from './log-lines.ts'

/** A function logs each reason for reporting records once a minute. */
const HOLDS_MS = 70_000

/** Why functions report records as failed, according to their log. */
export class Reasons {
  readonly #learned = new Map<string, { readonly cause: Cause; readonly atMs: number }>()
  /** Where the code of a function fails for nearly all records. */
  readonly #broken = new Map<string, unknown>()

  /** Returns the cause that a line contains; undefined if it contains none. */
  learn({ service, details }: LoggedLine, nowMs: number): Cause | undefined {
    if (details.kind === 'breaker-open') this.#broken.set(service, details.place ?? details.failure)
    if (details.kind !== 'deferred') return undefined
    const cause = deferredCause(service, {
      ...(details.reason === 'breaker-open' && { place: this.#broken.get(service) }),
      ...details,
    })
    this.#learned.set(service, { cause, atMs: nowMs })
    return cause
  }

  of(name: string, nowMs: number): Cause {
    const learned = this.#learned.get(name)
    return learned && nowMs - learned.atMs < HOLDS_MS ? learned.cause : this.unknown(name)
  }

  /** The cause if the log has given none. */
  unknown(name: string): Cause {
    return reportedFailures(name)
  }
}

/** Whether a line only explains reported records. The report itself is shown instead. */
export function isExplanation({ details }: LoggedLine): boolean {
  return details.kind === 'deferred' || details.kind === 'breaker-open'
}
