/**
 * Failure policy: which failures are retried, how often and after which delays. `config/failures/policy.yaml`
 * defines it. Pure data.
 */
import type { FailureClass, FailureCode } from '../../packages/runtime/consumer/failure-codes.ts'

/** Supported delays, in milliseconds. Each has a retry topic. */
export const DELAYS_MS = { '1m': 60_000, '10m': 600_000, '1h': 3_600_000 } as const

export type Delay = keyof typeof DELAYS_MS

/** Name of a retry topic, in which failures wait for their next attempt. */
export type RetryTopic = `retry-${Delay}`

/** Delays before the retries, in order. A list is finite, so no failure is retried forever. */
export type Retries = readonly Delay[]

/** Class of a failure for routing. `unknown` is the class of codes that this version does not know. */
export type RoutedClass = FailureClass | 'unknown'

/** Failure classes that a policy configures. Failures of the class `unavailable` are never written: their records wait in Kafka. */
export const POLICY_CLASSES = [
  'retryable',
  'unexpected',
  'permanent',
  'unknown',
] as const satisfies readonly RoutedClass[]

/**
 * Code of records that Lambda itself has discarded. A redrive is not possible: the consumer reads the record
 * from its log and has no failure with this code, so it would only report another one.
 */
export const LAMBDA_DISCARDED: FailureCode = 'lambda-discarded'

export type PolicyClass = (typeof POLICY_CLASSES)[number]

/**
 * Maximum number of retries in a row. It ensures that the history of a record that was redriven until its
 * quarantine still fits into the headers of the next attempt.
 */
export const MAX_RETRIES = 5

/** Retry rules for all consumers or for one. A code takes precedence over its class. */
export interface RetryRules {
  readonly classes: Readonly<Partial<Record<PolicyClass, Retries>>>
  readonly codes: Readonly<Record<string, Retries>>
  /** Maximum time between the first attempt, or the last redrive by an operator, and the start of a retry, in milliseconds. */
  readonly maxAgeMs?: number
}

export interface FailurePolicy extends RetryRules {
  readonly maxAgeMs: number
  /** Rules by consumer. They take precedence over the general rules. */
  readonly consumers: Readonly<Record<string, RetryRules>>
}

/**
 * Consumers that make later events of an entity wait while a failed one is retried, each with the retries that events wait for. The
 * first retry is early, because it delays the results of the entity; the second leaves time to deploy a fix.
 */
export const PARKING = { alerting: ['1m', '10m'] } as const satisfies Readonly<Record<string, Retries>>

/** Code of the failures that events wait for. */
export const PARKING_CODE = 'unexpected-error' satisfies FailureCode

/** Maximum time between the end of a delay and the return of the record. The redriver runs every minute. */
const BACK_WITHIN_MS = 2 * 60_000

/** Returns the maximum time for which events wait for the last of these retries, in milliseconds. */
export function parkedForMs(retries: Retries): number {
  return retries.reduce((sum, delay) => sum + DELAYS_MS[delay] + BACK_WITHIN_MS, 0)
}

/** Default policy. Unexpected errors are retried, because a fixed deployment may process the record. */
export const DEFAULT_POLICY: FailurePolicy = {
  maxAgeMs: 24 * 3_600_000,
  classes: { retryable: ['1m', '10m', '1h'], unexpected: ['10m', '1h'], permanent: [], unknown: [] },
  codes: {},
  consumers: { alerting: { classes: { unexpected: [...PARKING.alerting, '1h'] }, codes: {} } },
}

/** Returns the retries of a failure, and the maximum age at which a retry may begin. */
export function rulesFor(
  policy: FailurePolicy,
  { consumer, code, kind }: { readonly consumer: string; readonly code: string; readonly kind: PolicyClass },
): { readonly retries: Retries; readonly maxAgeMs: number } {
  const own = entry(policy.consumers, consumer)
  const said = [own, policy].flatMap(rules => [rules && entry(rules.codes, code), rules?.classes[kind]])
  return { retries: said.find(list => list !== undefined) ?? [], maxAgeMs: own?.maxAgeMs ?? policy.maxAgeMs }
}

/** Returns the entry with this name. Names come from records, so one may be that of an inherited property. */
function entry<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined
}
