/** Destination of a failure: a retry topic, or the dead letters. Pure, and the same for every copy of the failure. */

import { FAILURES } from '../../packages/runtime/consumer/failure-codes.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { durationText } from '../duration.ts'
import {
  DELAYS_MS,
  type FailurePolicy,
  LAMBDA_DISCARDED,
  type Retries,
  type RetryTopic,
  type RoutedClass,
  rulesFor,
} from './policy.ts'

/** Consumer group of the router. A failure of its own must not return to it. */
export const ROUTER = 'dlq-router'

/** After so many redrives by hand, a record that fails again is quarantined: bulk redrives leave it out. */
export const QUARANTINED_AFTER = 3

/** Why a failure becomes a dead letter; a failure that is retried has its topic as reason. */
type DeadLetterReason =
  /** The policy has no retries for it. */
  | 'not-retried'
  | 'retries-exhausted'
  | 'too-old'
  /** Parts of the record are only in the log. */
  | 'incomplete'
  | 'quarantined'
  /** The router itself failed. */
  | 'failed-in-router'

export interface Route {
  readonly to: RetryTopic | 'dlq'
  /** A stable word for logs, metrics and tests. */
  readonly reason: RetryTopic | DeadLetterReason
  /** The same in a sentence, without anything of the record. */
  readonly because: string
  readonly class: RoutedClass
  readonly quarantined: boolean
}

/**
 * @param nowMs when the failure is decided, milliseconds since the epoch; by default when it failed, on the log's clock, so that
 *   the same log gives the same routes
 */
export function route(
  failure: FailureData,
  policy: FailurePolicy,
  nowMs = Date.parse(failure.failedAt),
): Route {
  const { description, kind } = kindOf(failure.errorType)
  const toDlq = (reason: DeadLetterReason, why?: string): Route => ({
    to: 'dlq',
    reason,
    because: why === undefined ? description : `${description}; ${why}`,
    class: kind,
    quarantined: reason === 'quarantined',
  })
  const { consumer, errorType: code, omitted } = failure
  if (consumer === ROUTER) return toDlq('failed-in-router', 'failures of the router are not retried')
  const redrives = redrivesByHand(failure)
  if (redrives.length >= QUARANTINED_AFTER)
    return toDlq('quarantined', `people have redriven it ${redrives.length} times`)
  if (code === LAMBDA_DISCARDED) return toDlq('not-retried')
  const { retries, maxAgeMs } = rulesFor(policy, { consumer, code, kind: decidedAs(kind) })
  if (retries.length === 0) return toDlq('not-retried')
  if (omitted.length > 0)
    return toDlq('incomplete', `not here but only at its place in the log: ${omitted.join(', ')}`)
  const before = redrives.at(-1)?.attempt ?? 0
  const made = failure.attempt - 1 - before
  const delay = retries[made]
  if (delay === undefined)
    return toDlq('retries-exhausted', `${count(made, 'retry', 'retries')} did not help`)
  if (nowMs + DELAYS_MS[delay] - firstAttemptMs(failure, before, retries) > maxAgeMs)
    return toDlq('too-old', `a retry would begin more than ${durationText(maxAgeMs)} after the first attempt`)
  const to = `retry-${delay}` as const
  return {
    to,
    reason: to,
    because: `${description}; retry ${made + 1} of ${retries.length}, after ${delay}`,
    class: kind,
    quarantined: false,
  }
}

/** Class and reason of a failure that is written to the dead letters without being routed: one of the router or the redriver. */
export function unroutedWhy({ consumer, errorType }: FailureData): {
  readonly class: RoutedClass
  readonly routedBecause: string
} {
  const { kind, description } = kindOf(errorType)
  return { class: kind, routedBecause: `${description}; failures of ${consumer} itself are not retried` }
}

/**
 * When the first attempt since the last redrive by hand was made. The log does not say it: the record may have waited for its
 * consumer, and its `failedAt` is when it was appended. So it is taken from the second attempt, whose record was appended when the
 * delay after the first one had passed.
 *
 * @param before how many attempts were made before that redrive
 */
function firstAttemptMs(
  { history, attempt, failedAt }: FailureData,
  before: number,
  retries: Retries,
): number {
  const own = Date.parse(failedAt)
  if (attempt === before + 1 || retries[0] === undefined) return own
  const second = history.find(past => past.attempt >= before + 2 && past.attempt < attempt)
  return (second ? Date.parse(second.failedAt) : own) - DELAYS_MS[retries[0]]
}

/** Returns the attempts after which people redrove the record. Headers can be forged, so attempts in the future do not count. */
function redrivesByHand({ history, attempt }: FailureData) {
  return history.filter(past => past.redrivenBy !== undefined && past.attempt > 0 && past.attempt < attempt)
}

function kindOf(code: string): { readonly kind: RoutedClass; readonly description: string } {
  if (!Object.hasOwn(FAILURES, code))
    return { kind: 'unknown', description: 'the code is not known to this version' }
  const { class: kind, description } = FAILURES[code as keyof typeof FAILURES]
  return { kind, description }
}

/** A failure of a class that no consumer writes is treated as what it says: the outside may answer again. */
function decidedAs(kind: RoutedClass) {
  return kind === 'unavailable' ? 'retryable' : kind
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`
}
