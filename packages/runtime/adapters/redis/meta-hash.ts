import type { FailureMemory } from '../../pipeline/model/failure-memory.ts'
import type { LogClock } from '../../pipeline/model/log.ts'
import type { Version } from '../../pipeline/model/partition-state.ts'
import type { Fence } from '../../pipeline/replacing/fence.ts'
import { computeGeneration, type MetaField } from './layout.ts'

/** Contents of the hash `meta` of a partition state. */
export interface Meta {
  readonly version: Version
  readonly clock: LogClock
  readonly appliedDigest: string | undefined
  readonly emitted: number
  /** Approximate size of the parked events of all entities, in bytes. */
  readonly parkedBytes: number
  /** Number of entities that each producer group has added recently; absent if none were added. */
  readonly newEntities?: string
  /** Identifier of the code that made the last commit, see `computeCode`; undefined if unknown. */
  readonly code: string | undefined
  /** Offset from which on all records were decided by this code, see `StateFacts`. */
  readonly codeFrom: number | undefined
  readonly failureMemory: FailureMemory
  /** Append time since which all failures are remembered, see `Snapshot`. */
  readonly failuresFromMs: number | undefined
  /** Oldest generation of ids that still exists. */
  readonly oldestIds: number
  /** Origin of the emissions; absent if unknown. */
  readonly origin?: string
  /** Mark of the last commit; absent if it had none. */
  readonly mark?: string
  /** Fence of the partition state. Commits are rejected while there is a fence. */
  readonly fence?: Fence
}

/**
 * Parses the hash `meta`.
 *
 * @param stored existing fields of the hash
 */
export function readMeta(stored: Readonly<Partial<Record<MetaField, string>>>): Meta {
  const number = (name: MetaField) => (stored[name] === undefined ? undefined : Number(stored[name]))
  const nowMs = number('clock') ?? 0
  return {
    version: {
      epoch: number('epoch') ?? 0,
      appliedOffset: number('appliedOffset') ?? -1,
      fired: number('fired') ?? 0,
    },
    clock: { nowMs, lastAppendMs: number('last'), highestAppendMs: number('highest') },
    appliedDigest: stored.digest,
    emitted: number('emitted') ?? 0,
    parkedBytes: number('parkedBytes') ?? 0,
    ...(stored.newEntities ? { newEntities: stored.newEntities } : {}),
    code: stored.code,
    codeFrom: number('codeFrom'),
    failureMemory: { bytes: number('failureBytes') ?? 0, forgotten: number('forgotten') ?? 0 },
    failuresFromMs: number('failuresFrom'),
    oldestIds: number('oldest') ?? computeGeneration(nowMs),
    ...(stored.origin ? { origin: stored.origin } : {}),
    ...(stored.mark ? { mark: stored.mark } : {}),
    ...(stored.fence ? { fence: JSON.parse(stored.fence) as Fence } : {}),
  }
}
