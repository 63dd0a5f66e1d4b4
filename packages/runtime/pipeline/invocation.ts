import type { Unavailable } from './errors.ts'
import type { SurgeGuard } from './failures/failure-surge.ts'
import type { LogChecks } from './log/log-identity.ts'

/** Dependencies that an invocation provides, or that are kept from one invocation to the next. */
export interface Invocation extends SurgeGuard {
  readonly remainingMs: () => number
  /** True if the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** Wall clock for the circuit breaker and for the digests of a sink. Processes never see it. */
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly logChecks: LogChecks
  /** Reason why this invocation cannot decide anything, so that its partitions wait; absent if it can. */
  readonly unavailable?: Unavailable
}
