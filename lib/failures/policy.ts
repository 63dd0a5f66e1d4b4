/** Which failures are tried again, how often and how late: the policy that `config/failures/policy.yaml` holds. Pure data. */
import type { FailureClass, FailureCode } from '../../packages/runtime/consumer/failure-codes.ts'

/** The delays that there are: a retry topic for each. */
export const DELAYS_MS = { '1m': 60_000, '10m': 600_000, '1h': 3_600_000 } as const

export type Delay = keyof typeof DELAYS_MS

/** The topic in which a failure waits. */
export type RetryTopic = `retry-${Delay}`

/** Delays before the retries, in order. A list ends, so no failure is retried forever. */
export type Retries = readonly Delay[]

/** `unknown` is the class of a code that this version does not know. */
export type RoutedClass = FailureClass | 'unknown'

/** The classes that a policy decides about. Failures of the class `unavailable` are never written: their records wait in Kafka. */
export const POLICY_CLASSES = [
  'retryable',
  'unexpected',
  'permanent',
  'unknown',
] as const satisfies readonly RoutedClass[]

/**
 * The code of records that Lambda itself has given up. Their consumer has no such failure and reads the record from the log: a
 * redrive would only make a failure with another code.
 */
export const LAMBDA_DISCARDED: FailureCode = 'lambda-discarded'

export type PolicyClass = (typeof POLICY_CLASSES)[number]

/**
 * Maximum number of retries in a row. With them, the history of a record that was redriven until its quarantine still fits into
 * the headers of its next attempt.
 */
export const MAX_RETRIES = 5

/** Rules for all consumers or for one. A code takes precedence over its class. */
export interface RetryRules {
  readonly classes: Readonly<Partial<Record<PolicyClass, Retries>>>
  readonly codes: Readonly<Record<string, Retries>>
  /** No retry begins later than this after the first attempt, or after people have redriven the record. */
  readonly maxAgeMs?: number
}

export interface FailurePolicy extends RetryRules {
  readonly maxAgeMs: number
  /** Rules by consumer, which take precedence over the others. */
  readonly consumers: Readonly<Record<string, RetryRules>>
}

/**
 * The consumers of Sluice that keep later events of an entity waiting while one is retried, each with the retries for which they wait.
 * The first is soon, since the results of the entity are late by as much; the second gives time to mend a bug.
 */
export const PARKING = { alerting: ['1m', '10m'] } as const satisfies Readonly<Record<string, Retries>>

/** The failure for which events wait. */
export const PARKING_CODE = 'unexpected-error' satisfies FailureCode

/** Time between a due retry and its return: the redriver runs each minute. */
const BACK_WITHIN_MS = 2 * 60_000

/** Returns how long events must be able to wait for the last of these retries, in milliseconds. */
export function parkedForMs(retries: Retries): number {
  return retries.reduce((sum, delay) => sum + DELAYS_MS[delay] + BACK_WITHIN_MS, 0)
}

/** Default policy. Unexpected errors are retried because a mended deployment may process the record. */
export const DEFAULT_POLICY: FailurePolicy = {
  maxAgeMs: 24 * 3_600_000,
  classes: { retryable: ['1m', '10m', '1h'], unexpected: ['10m', '1h'], permanent: [], unknown: [] },
  codes: {},
  consumers: { alerting: { classes: { unexpected: [...PARKING.alerting, '1h'] }, codes: {} } },
}

/** The retries of a failure, and the age at which they end. */
export function rulesFor(
  policy: FailurePolicy,
  { consumer, code, kind }: { readonly consumer: string; readonly code: string; readonly kind: PolicyClass },
): { readonly retries: Retries; readonly maxAgeMs: number } {
  const own = entry(policy.consumers, consumer)
  const said = [own, policy].flatMap(rules => [rules && entry(rules.codes, code), rules?.classes[kind]])
  return { retries: said.find(list => list !== undefined) ?? [], maxAgeMs: own?.maxAgeMs ?? policy.maxAgeMs }
}

/** Names come from records: one may be that of a method. */
function entry<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined
}
