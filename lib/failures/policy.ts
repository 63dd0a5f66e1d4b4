/**
 * Failure policy: which failures are retried, how often and after which delays. It is configured in `config/failures/policy.yaml`.
 * Pure data.
 */
import type { FailureClass, FailureCode } from '#runtime/consumer'

/** Supported delays, in milliseconds. There is one retry topic for each delay. */
export const DELAYS_MS = { '1m': 60_000, '10m': 600_000, '1h': 3_600_000 } as const

export type Delay = keyof typeof DELAYS_MS

/** Name of a retry topic, in which failure records wait for the next attempt. */
export type RetryTopic = `retry-${Delay}`

/** Delays before each retry, in order. The list is finite, so no failure is retried forever. */
export type Retries = readonly Delay[]

/** Failure class that is used for routing. The class is `unknown` if this version does not support the failure code. */
export type RoutedClass = FailureClass | 'unknown'

/**
 * Failure classes that a policy can configure. No failure records are written for the class `unavailable`: the records wait in
 * Kafka.
 */
export const POLICY_CLASSES = [
  'retryable',
  'unexpected',
  'permanent',
  'unknown',
] as const satisfies readonly RoutedClass[]

/**
 * Code in dead letters of earlier versions, for records that Lambda itself had discarded. They cannot be redriven. The consumer has
 * no stored failure with this code, so a redrive would only result in another failure.
 */
export const LAMBDA_DISCARDED: FailureCode = 'lambda-discarded'

export type PolicyClass = (typeof POLICY_CLASSES)[number]

/**
 * Maximum number of retries in a row. The history of a record that is redriven until it is quarantined must fit into the headers of
 * a record.
 */
export const MAX_RETRIES = 5

/** Retry rules for all consumers or for one consumer. A rule for a code takes precedence over the rule for its class. */
export interface RetryRules {
  readonly classes: Readonly<Partial<Record<PolicyClass, Retries>>>
  readonly codes: Readonly<Record<string, Retries>>
  /**
   * Maximum age of a failure at the start of a retry, in milliseconds. The age is counted from the first attempt, or from the last
   * redrive by an operator.
   */
  readonly maxAgeMs?: number
}

export interface FailurePolicy extends RetryRules {
  readonly maxAgeMs: number
  /** Rules for individual consumers, by name. They take precedence over the general rules. */
  readonly consumers: Readonly<Record<string, RetryRules>>
}

/**
 * Consumers that park later events of an entity while a failed event is retried, with the retries for which events are parked. The
 * first retry is early, because it delays the results of the entity. The second retry leaves time to deploy a fix.
 */
export const PARKING = { alerting: ['1m', '10m'] } as const satisfies Readonly<Record<string, Retries>>

/** Failure code for which later events of the entity are parked. */
export const PARKING_CODE = 'unexpected-error' satisfies FailureCode

/** Maximum time between the end of a delay and the redrive of the record. The redriver runs every minute. */
const BACK_WITHIN_MS = 2 * 60_000

/** Returns the maximum time for which events are parked until the last of these retries, in milliseconds. */
export function parkedForMs(retries: Retries): number {
  return retries.reduce((sum, delay) => sum + DELAYS_MS[delay] + BACK_WITHIN_MS, 0)
}

/** Default policy. Unexpected errors are retried, because a deployment may fix the error in the meantime. */
export const DEFAULT_POLICY: FailurePolicy = {
  maxAgeMs: 24 * 3_600_000,
  classes: { retryable: ['1m', '10m', '1h'], unexpected: ['10m', '1h'], permanent: [], unknown: [] },
  codes: {},
  consumers: { alerting: { classes: { unexpected: [...PARKING.alerting, '1h'] }, codes: {} } },
}

/** Returns the retries of a failure, and the maximum age of the failure at the start of a retry. */
export function rulesFor(
  policy: FailurePolicy,
  { consumer, code, kind }: { readonly consumer: string; readonly code: string; readonly kind: PolicyClass },
): { readonly retries: Retries; readonly maxAgeMs: number } {
  const own = entry(policy.consumers, consumer)
  const candidates = [own, policy].flatMap(rules => [rules && entry(rules.codes, code), rules?.classes[kind]])
  return {
    retries: candidates.find(list => list !== undefined) ?? [],
    maxAgeMs: own?.maxAgeMs ?? policy.maxAgeMs,
  }
}

/**
 * Returns the entry with this name. Names are taken from records, so inherited properties such as `constructor` must be ignored.
 */
function entry<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined
}
