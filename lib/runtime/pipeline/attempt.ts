import type { Deferred, OffsetRange, OutboxEntry } from './model.ts'

/** The result of one attempt at a chunk. */
export type Attempt =
  /** The chunk is decided up to `toOffset`. `outbox` is in order; `rest` says why the other records must wait, if they must. */
  | {
      readonly kind: 'decided'
      readonly toOffset: number
      readonly outbox: readonly OutboxEntry[]
      readonly rest?: Deferred
    }
  /** Another invocation committed first. */
  | { readonly kind: 'refused' }
  /** Nothing is decided: these entries must be published first. */
  | { readonly kind: 'leftover'; readonly outbox: readonly OutboxEntry[] }
  /** Nothing is decided: this range must be read from the log first. */
  | {
      readonly kind: 'missing'
      readonly range: OffsetRange
      readonly appliedOffset: number
      /** Whether it is read although nothing went wrong. */
      readonly isRoutine?: boolean
    }
  | { readonly kind: 'deferred'; readonly deferred: Deferred }
  /** The state was lost and has been restored: load it again. */
  | { readonly kind: 'restored' }
