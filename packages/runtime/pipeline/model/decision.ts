/** Decisions about records and timers, and the reasons for which a partition waits. */
import type { Event } from '../../consumer/event.ts'
import type { Failure } from '../../consumer/failure-codes.ts'
import { PartitionStopped, Unavailable } from '../errors.ts'
import type { OutboxEntry, StoredTimer } from './partition-state.ts'
import type { DeferredReason, ReleaseReason } from './reasons.ts'

export type RecordOutcome = 'applied' | 'duplicate' | 'ignored' | 'failed' | 'parked'

/** Final outcome of a parked record. The record is counted as `parked` first, and as one of these outcomes later. */
export type ParkedOutcome = 'parked-applied' | 'parked-ignored' | 'parked-failed'

/** A decision about one record or timer, with its reason. It is the source of metrics, log lines and expectations in tests. */
export interface Decision {
  /**
   * Offset of the record. For a parked record, this is its original offset; for a timer, the offset of the record before which the
   * timer fired.
   */
  readonly offset: number
  readonly appendMs: number
  readonly outcome: RecordOutcome | ParkedOutcome | 'timer'
  readonly reason: string
  readonly event?: Event
  readonly failure?: Failure
  /** Set if the failure was published before a loss of the state, so that it is not published again. */
  readonly isPublished?: true
  /** Set if the decision is about a timer. */
  readonly timer?: StoredTimer & { readonly entity: string }
  /** Effect of the decision on an entity's hold: `begins` and `stays` for a held entity, otherwise the reason of its release. */
  readonly hold?: 'begins' | 'stays' | ReleaseReason
  readonly emitted?: readonly OutboxEntry[]
}

/** A partition that cannot continue, with the reason and the first offset that must be delivered again. */
export interface StoppedPartition {
  readonly fromOffset: number
  readonly appendMs: number
  readonly reason: DeferredReason
  readonly error?: unknown
}

export type Deferred = Pick<StoppedPartition, 'reason' | 'error'>

/** Returns the reason for which records wait after an error. */
export function toDeferred(error: unknown): Deferred {
  const isKnown = error instanceof Unavailable || error instanceof PartitionStopped
  return { reason: isKnown ? error.code : 'unexpected-error', error }
}
