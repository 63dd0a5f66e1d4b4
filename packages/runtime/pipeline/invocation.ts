import type { Unavailable } from './errors.ts'
import type { SurgeGuard } from './failures/failure-surge.ts'
import type { PublishedFailureReader } from './failures/published-failures.ts'
import type { LogChecks } from './log/log-identity.ts'

/** Limits and dependencies of an invocation. Some of them are kept from one invocation to the next. */
export interface Invocation extends SurgeGuard {
  readonly remainingMs: () => number
  /** True if the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** Wall clock for the circuit breaker and for the digests of a sink. Processes have no access to it. */
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly logChecks: LogChecks
  /** Absent if nothing is published, so that earlier failures do not matter. */
  readonly publishedFailures?: PublishedFailureReader
  /** Error that prevents this invocation from deciding anything, so that its partitions wait; absent if none exists. */
  readonly unavailable?: Unavailable
}
