import type { FailureCode } from '../../consumer/failure-codes.ts'
import type { Decision } from '../../pipeline/model.ts'
import type { DeferredReason, ReleaseReason } from '../../pipeline/reasons.ts'

/**
 * Every metric that counts something, and the reasons under which it does. Those of decisions stand in `reasons.ts`, among the
 * failure codes, and in the consumers.
 */
export interface Counters extends Record<Decision['outcome'], string> {
  /** By the code of the failure that is retried. */
  readonly held: FailureCode
  readonly released: ReleaseReason
  readonly redelivered: 'at-or-below-applied-offset'
  readonly deferred: DeferredReason
  /** Records that a receiver did not accept in a try. */
  readonly 'offer-failed': 'not-accepted' | 'threw'
  readonly 'dead-letters': 'sent'
  readonly 'breaker-open': 'surge'
  readonly refused: 'never-taken'
  readonly 'outbox-not-trimmed': 'trim-failed'
  readonly 'range-read-back': 'never-delivered'
  readonly expired: 'not-in-the-log'
  readonly 'no-applied-offset': 'starts-anew'
  readonly 'restored-from-checkpoint': 'state-was-gone'
  readonly 'checkpoint-damaged': 'passed-over'
  readonly 'failure-memory': 'nearly-full' | 'forgotten'
  readonly 'clock-gap': 'no-records'
  readonly 'timed-by-producers': 'create-time'
  readonly 'context-unreadable': 'other-code'
  readonly misrouted: 'another-partitioner'
  /** By what the exporter says. */
  readonly 'spans-dropped': string
}
