/** Rebuilds partitions, one after the other, and switches each of them to the rebuilt state when it has caught up. */
import { MemoryRebuilds, type Rebuild, RebuiltState, reprocess } from '#runtime/operating/rebuild'
import { CopyStopped, type OffsetRange, type StateKey } from '#runtime/pipeline'
import { count } from '../../../lib/support/count.ts'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { formatProgress } from '../../../lib/support/progress-text.ts'
import type { Counts } from '../audited-operation.ts'
import { PartlyDone, type Running } from '../operation.ts'
import { formatStateKey } from '../state-keys.ts'
import { isRecomputingError, type Job } from './job.ts'

/** Partition to rebuild. */
export interface PlannedRebuild {
  readonly state: StateKey
  readonly rebuild: Rebuild
  /** Next offset to read, which is the start unless an unfinished rebuild is continued. */
  readonly nextOffset: number
  /** Applied offset of the live state when the rebuild was planned. */
  readonly appliedOffset: number
}

/** Result for one partition. */
export interface RebuiltPartition extends StateKey {
  readonly startOffset: number
  readonly appliedOffset: number
  /** Epoch of the state after the switch; null if the partition was not switched, as in a dry run. */
  readonly epoch: number | null
  /** Number of events that are emitted because of the switch, by type. */
  readonly emitted: Readonly<Record<string, number>>
  /** Number of entities that were left as they are, because their state is older than the start. */
  readonly older: number
  /** Number of offsets that the live state applied while a dry run compared both; 0 after a switch. */
  readonly passed: number
  /** Offsets that have expired while they were to be read, so that the new state does not include them. */
  readonly expired: readonly OffsetRange[]
}

/** Result of the operation. */
export interface RebuildResult {
  readonly partitions: readonly RebuiltPartition[]
  /** Number of unfinished rebuilds that were removed. */
  readonly removed: number
}

/**
 * Rebuilds the partitions, up to the signal to stop.
 *
 * @param isTrial if true, the states are computed in memory, and no live one is replaced
 * @throws PartlyDone with the first error, and what was done before
 */
export async function rebuildPartitions(
  job: Job,
  planned: readonly PlannedRebuild[],
  isTrial: boolean,
  { stop, showProgress, counts = {} }: Pick<Running, 'stop' | 'showProgress'> & { readonly counts?: Counts },
): Promise<RebuildResult> {
  const rebuilds = isTrial ? new MemoryRebuilds(job.skipped) : job.live.rebuilds
  const results: RebuiltPartition[] = []
  const result = { partitions: results, removed: 0 }
  const [beganMs, total] = [job.nowMs(), countOffsets(planned)]
  let done = 0
  const onRead = (records: number) => {
    done += records
  }
  showProgress(() => {
    // The number of records grows while the live consumer continues.
    const records = { done, total: Math.max(total, done), elapsedMs: job.nowMs() - beganMs }
    return `${formatProgress(records, 'records')}; ${results.length} of ${planned.length} partitions ${isTrial ? 'computed' : 'switched'}`
  })
  for (const [number, { state, rebuild }] of planned.entries()) {
    if (stop.aborted) break
    const expired: OffsetRange[] = []
    const onExpired = (_: StateKey, range: OffsetRange) => expired.push(range)
    try {
      const work = { ...job, rebuilds, stop, onRead, onExpired }
      // Until the last partition is switched, its unfinished rebuild shows a later run that this one was interrupted.
      const last = planned.at(-1)
      if (number === 0 && last) await RebuiltState.begin(work, last.state, last.rebuild)
      const {
        appliedOffset,
        epoch = null,
        emitted,
        older,
        passed,
      } = await reprocess(work, state, rebuild, isTrial)
      const { startOffset } = rebuild
      results.push({
        ...{ ...state, startOffset, appliedOffset, epoch, older, passed, expired },
        emitted: Object.fromEntries(emitted),
      })
    } catch (error) {
      if (stop.aborted) break
      throw new PartlyDone(result, toFailure(error, state, isTrial))
    }
    counts.switched = results.length
  }
  return result
}

function countOffsets(planned: readonly PlannedRebuild[]): number {
  return planned.reduce(
    (sum, { nextOffset, appliedOffset }) => sum + Math.max(0, appliedOffset + 1 - nextOffset),
    0,
  )
}

function toFailure(error: unknown, state: StateKey, isTrial: boolean): unknown {
  if (error instanceof CopyStopped && error.why === 'other-code')
    return new OperationFailure(
      `${formatStateKey(state)} was deployed again meanwhile: ${error.message}. Start again with the deployed code.`,
    )
  if (!isRecomputingError(error)) return error
  const outcome = isTrial ? 'computed' : 'switched'
  const reason = error.message.replace(/\.$/, '')
  return new OperationFailure(`${formatStateKey(state)} was not ${outcome}: ${reason}.`, { cause: error })
}

/** Returns lines that say what was done. */
export function describeRebuilt(
  partitions: readonly RebuiltPartition[],
  isTrial: boolean,
): readonly string[] {
  const emitted = new Map<string, number>()
  for (const partition of partitions)
    for (const [type, count] of Object.entries(partition.emitted))
      emitted.set(type, (emitted.get(type) ?? 0) + count)
  const events = [...emitted].sort().map(([type, count]) => `  ${type}  ${count}`)
  const passed = partitions.reduce((sum, partition) => sum + partition.passed, 0)
  const heading = isTrial
    ? `Events of the switch${passed > 0 ? `, about (${count(passed, 'record')} passed meanwhile)` : ''}`
    : 'Published by the switch'
  const older = partitions.reduce((sum, partition) => sum + partition.older, 0)
  return [
    ...partitions.flatMap(({ topic, partition, expired }) =>
      expired.map(
        ({ fromOffset, toOffset }) =>
          `${topic}/${partition}: offsets ${fromOffset} to ${toOffset} have expired meanwhile; the new state does not include them.`,
      ),
    ),
    `${count(partitions.length, 'partition')} ${isTrial ? 'would be switched' : 'switched'}.`,
    ...(older > 0
      ? [
          `${count(older, 'state')} with records older than the start ${isTrial ? 'would be' : 'were'} left as they are.`,
        ]
      : []),
    `${heading}: ${events.length > 0 ? '' : 'nothing.'}`.trim(),
    ...events,
  ]
}
