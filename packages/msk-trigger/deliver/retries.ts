import type { Mapping } from '../config/mappings.ts'
import {
  countRecords,
  excludeRecords,
  type PartitionRecords,
  splitInHalf,
  type WithOffset,
} from '../support/partition-records.ts'
import type { InvocationOutcome } from './outcome.ts'

/** Records that are delivered together, with the history of their attempts. */
export interface Unit<R extends WithOffset> {
  readonly parts: readonly PartitionRecords<R>[]
  /** Number of failed attempts that count against the retries. */
  readonly failures: number
  readonly invocations: number
}

export type RetryPolicy = Pick<
  Mapping,
  'maximumRetryAttempts' | 'maximumRecordAgeMs' | 'bisectBatchOnFunctionError'
>

export interface NextAttempts<R extends WithOffset> {
  readonly exhausted: readonly PartitionRecords<R>[]
  /** Units that replace the failed unit. They are delivered one after another. */
  readonly units: readonly Unit<R>[]
}

/**
 * Decides how delivery continues after an attempt. Thrown errors and reported failures both count as failed attempts (rule 32 in
 * `RULES.md`), and the first attempt is not a retry (rule 26). With bisection, the two halves are delivered one after the other
 * (rules 19 and 29). A split does not count as a retry, as AWS documents of streams, so a batch is split until the bad record is
 * alone. Records that a partial response names are not split.
 */
export function afterAttempt<R extends WithOffset>(
  unit: Unit<R>,
  outcome: Pick<InvocationOutcome<R>, 'again' | 'reported'>,
  policy: RetryPolicy,
): NextAttempts<R> {
  const { again, reported } = outcome
  if (again.length === 0) return { exhausted: [], units: [] }
  const invocations = unit.invocations + 1
  const isFunctionError = reported === undefined
  if (policy.bisectBatchOnFunctionError && isFunctionError && countRecords(again) > 1) {
    const { failures } = unit
    return { exhausted: [], units: splitInHalf(again).map(parts => ({ parts, failures, invocations })) }
  }
  const failures = unit.failures + 1
  const { maximumRetryAttempts: retries } = policy
  if (retries < 0 || failures <= retries)
    return { exhausted: [], units: [{ parts: again, failures, invocations }] }
  const exhausted = reported ?? again
  const rest = excludeRecords(again, exhausted)
  return { exhausted, units: rest.length > 0 ? [{ parts: rest, failures: 0, invocations }] : [] }
}

/** Returns true if a record is older than the mapping allows. With a timestamp of -1 it has no age. See rule 28 in `RULES.md`. */
export function isOverAge(timestampMs: number, policy: RetryPolicy, nowMs: number): boolean {
  return timestampMs !== -1 && nowMs - timestampMs > (policy.maximumRecordAgeMs ?? Number.POSITIVE_INFINITY)
}
