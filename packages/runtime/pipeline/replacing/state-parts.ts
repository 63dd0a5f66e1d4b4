/** Parts of a partition state, as they are read, computed in memory and staged. */
import type { RememberedFailure } from '../model/failure-memory.ts'
import { BEFORE_LOG, type LogClock } from '../model/log.ts'
import type {
  OutboxEntry,
  RememberedId,
  StoredContext,
  StoredTimer,
  Version,
} from '../model/partition-state.ts'

export interface StateMeta {
  readonly version: Version
  readonly clock: LogClock
  /** Digest of the record at the applied offset; undefined if unknown. */
  readonly appliedDigest: string | undefined
  readonly emitted: number
  /** Append time from which all failures are remembered, see `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Serialized levels of `NewEntities`; absent if none exist. */
  readonly newEntities?: string
  readonly origin?: string
  /** Highest decided sequence of each origin. */
  readonly sequences?: Readonly<Record<string, string>>
  /** Number of decisions, by `outcome/reason`. */
  readonly tally: Readonly<Record<string, number>>
}

/**
 * One part of a partition state. If a part occurs more than once, its last occurrence is valid. If an id was seen several times,
 * its newest occurrence comes last.
 */
export type StatePart =
  | { readonly kind: 'meta'; readonly meta: StateMeta }
  /** The state exactly as it is stored. */
  | { readonly kind: 'state'; readonly entity: string; readonly state: string }
  | { readonly kind: 'timers'; readonly entity: string; readonly timers: readonly StoredTimer[] }
  | { readonly kind: 'outbox'; readonly outbox: OutboxEntry }
  | { readonly kind: 'id'; readonly id: RememberedId }
  /** Many ids in binary form, see `id-bytes.ts`. */
  | { readonly kind: 'ids'; readonly bytes: Buffer }
  | { readonly kind: 'failure'; readonly failure: RememberedFailure }
  | { readonly kind: 'context'; readonly context: StoredContext }

/** Pages of a partition state, so that a large state is never in memory as a whole. */
export type StatePages = AsyncIterable<readonly StatePart[]>

/** The metadata of a partition state before its first record. */
export const EMPTY_META: StateMeta = {
  version: { epoch: 0, appliedOffset: -1, fired: 0 },
  clock: BEFORE_LOG,
  appliedDigest: undefined,
  emitted: 0,
  failuresFromMs: undefined,
  tally: {},
}

/** Yields the parts of a state without any entity. */
export async function* yieldEmptyState(): AsyncGenerator<StatePart[]> {
  yield [{ kind: 'meta', meta: EMPTY_META }]
}
