/** Contents of partition states in memory. */
import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { BEFORE_LOG, type LogClock } from '../../pipeline/model/log.ts'
import type {
  OutboxEntry,
  RememberedId,
  StoredContext,
  StoredTimer,
  Version,
} from '../../pipeline/model/partition-state.ts'
import type { Fence } from '../../pipeline/replacing/fence.ts'
import type { Rebuild } from '../../pipeline/replacing/replaceable-states.ts'

/** A partition state in memory. */
export interface MemoryState {
  version: Version
  clock: LogClock
  fence?: Fence
  /** Mark of the last commit, see `Change`. */
  mark?: string | undefined
  appliedDigest: string | undefined
  emitted: number
  parkedBytes: number
  newEntities: string
  /** Identifier of the code that made the last commit. */
  code?: string | undefined
  /** Offset from which on all records were decided by this code. */
  codeFrom?: number | undefined
  /** Rebuild that the state was switched to. */
  rebuild?: Rebuild
  context?: StoredContext
  readonly states: Map<string, string>
  readonly timers: Map<string, readonly StoredTimer[]>
  readonly ids: Map<string, RememberedId>
  readonly failures: Map<string, RememberedFailure>
  readonly outbox: Map<string, OutboxEntry>
  readonly tally: Map<string, number>
  origin?: string
  /** Highest decided sequence of each origin. */
  readonly sequences: Map<string, string>
  /** Number of failures that were forgotten to free memory and are not reported yet. */
  forgotten: number
  failuresFromMs: number | undefined
}

export function emptyState(): MemoryState {
  return {
    version: { epoch: 0, appliedOffset: -1, fired: 0 },
    clock: BEFORE_LOG,
    appliedDigest: undefined,
    emitted: 0,
    parkedBytes: 0,
    newEntities: '',
    states: new Map(),
    timers: new Map(),
    ids: new Map(),
    failures: new Map(),
    outbox: new Map(),
    tally: new Map(),
    sequences: new Map(),
    forgotten: 0,
    failuresFromMs: undefined,
  }
}
