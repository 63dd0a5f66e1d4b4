import type { Unavailable } from './errors.ts'
import type { SurgeGuard } from './failures/failure-surge.ts'
import type { LogChecks } from './log/log-identity.ts'

/** Provided by an invocation, or kept from one invocation to the next. */
export interface Invocation extends SurgeGuard {
  readonly remainingMs: () => number
  /** Whether the event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** Wall clock, for how long the breaker has been open and which events a sink digests. Processes never see it. */
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly logChecks: LogChecks
  /** Why nothing can be decided in this invocation: its partitions wait. Absent if nothing stands in the way. */
  readonly unavailable?: Unavailable
}
