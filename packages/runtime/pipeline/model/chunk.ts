/** A chunk: records of a partition that are decided together. A step of it can end its processing early. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Deferred } from './decision.ts'
import type { OffsetRange } from './log.ts'
import type { OutboxEntry } from './partition-state.ts'
import type { Snapshot } from './snapshot.ts'

/** Records that are decided together, in the order of their offsets. */
export interface Chunk {
  readonly records: readonly LogRecord[]
  /**
   * Applied offset at which the records were selected. If set, the chunk is decided as a whole, and only if the applied offset is
   * still the same.
   */
  readonly base?: number
}

/** Result of a step that ends the processing of a chunk early. */
export type End =
  /** The state is not the stored one. Nothing of this chunk is stored. With `provenBy`, it was not even loaded, so no attempt is counted. */
  | { readonly kind: 'overtaken'; readonly provenBy?: Snapshot['provenBy'] }
  /**
   * Nothing was decided. These entries of the outbox must be published first. The records up to `toOffset`, if it is set, need no
   * further work in this batch, although they may be undecided.
   */
  | { readonly kind: 'leftover'; readonly outbox: readonly OutboxEntry[]; readonly toOffset?: number }
  /** Nothing was decided. This range must be read from the log first. */
  | Missing
  | { readonly kind: 'deferred'; readonly deferred: Deferred }

export interface Missing {
  readonly kind: 'missing'
  readonly range: OffsetRange
  readonly appliedOffset: number
  /** True if reading the range is normal and not a sign of lost state. */
  readonly isRoutine?: boolean
}

export function isEnd(result: object): result is End {
  return 'kind' in result
}

/** The chunk is decided and published up to `toOffset`. If `restWaits` is set, it is the reason why the later records must wait. */
export interface ChunkResult {
  readonly toOffset: number
  readonly restWaits?: Deferred | undefined
}
