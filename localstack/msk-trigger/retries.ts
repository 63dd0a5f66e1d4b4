import type { Mapping } from './mappings.ts'
import type { Outcome } from './outcome.ts'
import { countOf, halves, type Numbered, type Part, without } from './parts.ts'

/** Records that are delivered together, and what they have behind them. */
export interface Unit<R extends Numbered> {
  readonly parts: readonly Part<R>[]
  /** Failed attempts that count against the retries. */
  readonly failures: number
  /** How often these records were sent to the function. */
  readonly invocations: number
}

export type RetryPolicy = Pick<
  Mapping,
  'maximumRetryAttempts' | 'maximumRecordAgeMs' | 'bisectBatchOnFunctionError' | 'open'
>

/** What becomes of a unit after an attempt. */
export interface Sequel<R extends Numbered> {
  /** The retries are used up. */
  readonly exhausted: readonly Part<R>[]
  /** What takes the unit's place, to be delivered one after another. */
  readonly units: readonly Unit<R>[]
}

/**
 * Decides after an attempt. A failure counts whether it was thrown or reported: a record that stays in
 * `batchItemFailures` uses up the retries as well (rule 32). The first attempt is not a retry (rule 26). With bisect the
 * rest is split in two, and the halves follow each other: never are two of one partition in flight (rules 19, 29).
 */
export function afterAttempt<R extends Numbered>(
  unit: Unit<R>,
  outcome: Pick<Outcome<R>, 'again' | 'reported'>,
  policy: RetryPolicy,
): Sequel<R> {
  const { again, reported } = outcome
  if (again.length === 0) return { exhausted: [], units: [] }
  const failures = unit.failures + 1
  const invocations = unit.invocations + 1
  const { maximumRetryAttempts: retries, open } = policy
  if (retries >= 0 && failures > retries) {
    const exhausted = reported && open.exhaustedAfterPartialResponse === 'reported' ? reported : again
    const rest = without(again, exhausted)
    return { exhausted, units: rest.length > 0 ? [{ parts: rest, failures: 0, invocations }] : [] }
  }
  if (!splits(outcome, policy)) return { exhausted: [], units: [{ parts: again, failures, invocations }] }
  const charged = { charged: failures, uncharged: unit.failures, restart: 0 }[open.bisectRetries]
  return {
    exhausted: [],
    units: halves(again).map(parts => ({ parts, failures: charged, invocations })),
  }
}

function splits(
  { again, reported }: Pick<Outcome<Numbered>, 'again' | 'reported'>,
  { bisectBatchOnFunctionError, open }: RetryPolicy,
): boolean {
  const isFunctionError = reported === undefined
  const mayAfter = isFunctionError || open.bisectAfterPartialResponse === 'split'
  return bisectBatchOnFunctionError && mayAfter && countOf(again) > 1
}

/** Whether a record is older than the mapping lets it become. Rule 28. */
export function isOverAge(timestampMs: number, policy: RetryPolicy, nowMs: number): boolean {
  return policy.maximumRecordAgeMs !== undefined && nowMs - timestampMs > policy.maximumRecordAgeMs
}
