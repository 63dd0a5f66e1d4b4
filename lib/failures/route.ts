/**
 * Decides whether a failure is sent to a retry topic or to the dlq topic. Pure: all copies of a failure have the same destination.
 */

import { FAILURES, type FailureData } from '#runtime/consumer'
import { durationText } from '../support/duration.ts'
import {
  DELAYS_MS,
  type FailurePolicy,
  LAMBDA_DISCARDED,
  type Retries,
  type RetryTopic,
  type RoutedClass,
  rulesFor,
} from './policy.ts'

/** Consumer group of the router. Failures of the router itself are not routed. */
export const ROUTER = 'dlq-router'

/** Number of redrives by operators after which a record that fails again is quarantined. Bulk redrives skip quarantined records. */
export const QUARANTINED_AFTER = 3

/** Reason why a failure becomes a dead letter. If a failure is retried, the reason is the name of the retry topic. */
type DeadLetterReason =
  /** The policy configures no retries for the failure. */
  | 'not-retried'
  | 'retries-exhausted'
  | 'too-old'
  /** The failure does not contain the complete record. */
  | 'incomplete'
  | 'quarantined'
  /** The router itself failed. */
  | 'failed-in-router'

export interface Route {
  readonly to: RetryTopic | 'dlq'
  /** Reason that is used in logs, metrics and tests. */
  readonly reason: RetryTopic | DeadLetterReason
  /** Reason as a sentence. It never contains parts of the record. */
  readonly because: string
  readonly class: RoutedClass
  readonly quarantined: boolean
}

/** Returns the destination of a failure. No clock is read, so the same log always results in the same routes. */
export function route(failure: FailureData, policy: FailurePolicy): Route {
  const { description, kind } = classifyCode(failure.errorType)
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
    return toDlq('quarantined', `operators have redriven it ${redrives.length} times`)
  if (code === LAMBDA_DISCARDED) return toDlq('not-retried')
  const { retries, maxAgeMs } = rulesFor(policy, { consumer, code, kind: toPolicyClass(kind) })
  if (retries.length === 0) return toDlq('not-retried')
  if (omitted.length > 0)
    return toDlq(
      'incomplete',
      `the failure lacks parts of the record, which are only in the log: ${omitted.join(', ')}`,
    )
  const before = redrives.at(-1)?.attempt ?? 0
  const retryCount = failure.attempt - 1 - before
  const delay = retries[retryCount]
  if (delay === undefined)
    return toDlq('retries-exhausted', `${count(retryCount, 'retry', 'retries')} failed`)
  if (Date.parse(failure.failedAt) + DELAYS_MS[delay] - firstAttemptMs(failure, before, retries) > maxAgeMs)
    return toDlq('too-old', `a retry would begin more than ${durationText(maxAgeMs)} after the first attempt`)
  const to = `retry-${delay}` as const
  return {
    to,
    reason: to,
    because: `${description}; retry ${retryCount + 1} of ${retries.length}, after ${delay}`,
    class: kind,
    quarantined: false,
  }
}

/**
 * Returns the class and the reason of a failure that is written directly to the dlq topic, such as a failure of the router or the
 * redriver.
 */
export function describeUnrouted({ consumer, errorType }: FailureData): {
  readonly class: RoutedClass
  readonly routedBecause: string
} {
  const { kind, description } = classifyCode(errorType)
  return { class: kind, routedBecause: `${description}; failures of ${consumer} itself are not retried` }
}

/**
 * Returns the time of the first attempt since the last redrive by an operator. This time is not stored: `failedAt` of that attempt
 * is the append time of the record, which may have waited for its consumer. It is computed from the second attempt instead. The
 * record of that attempt was appended when the delay after the first attempt had passed.
 *
 * @param before number of attempts before that redrive
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

/**
 * Returns the attempts after which an operator redrove the record. Headers can be forged, so attempts with a later number are
 * ignored.
 */
function redrivesByHand({ history, attempt }: FailureData) {
  return history.filter(past => past.redrivenBy !== undefined && past.attempt > 0 && past.attempt < attempt)
}

function classifyCode(code: string): { readonly kind: RoutedClass; readonly description: string } {
  if (!Object.hasOwn(FAILURES, code))
    return { kind: 'unknown', description: 'the code is not known to this version' }
  const { class: kind, description } = FAILURES[code as keyof typeof FAILURES]
  return { kind, description }
}

/**
 * Returns the class that determines the retries. Consumers never write failures of the class `unavailable`, so such a failure is
 * treated as retryable.
 */
function toPolicyClass(kind: RoutedClass) {
  return kind === 'unavailable' ? 'retryable' : kind
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`
}
