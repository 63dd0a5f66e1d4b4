/** Rebuilds partitions, one after the other, and switches each of them to the rebuilt state when it has caught up. */
import { setTimeout as pause } from 'node:timers/promises'
import { CopyStopped, PartitionStopped, Unavailable } from '#runtime/pipeline/errors.ts'
import type { OffsetRange, StateKey } from '#runtime/pipeline/model/index.ts'
import type { Operation } from '#runtime/pipeline/replacing/index.ts'
import { type Reprocessing, reprocess } from '#runtime/pipeline/reprocessing/index.ts'
import type { Counts } from '../audited-operation.ts'
import { OperationFailure } from '../operation-failure.ts'
import { formatStateKey } from '../state-keys.ts'
import type { Reprocessings, SwitchedPartition } from './reprocessing-store.ts'
import type { Start } from './start.ts'

export type Work = Omit<Reprocessing, 'attempt' | 'onRead' | 'onExpired' | 'pause' | 'nowMs' | 'stop'>

interface Options {
  readonly isTrial: boolean
  /** Counts that are incremented with each completed partition. */
  readonly counts: Counts
}

/** Progress of a reprocessing. */
export interface ReprocessProgress {
  /** Number of records that have been processed. */
  readonly decided: number
  readonly total: number
  readonly switched: number
  readonly partitions: number
  readonly beganMs: number
}

export interface Watching {
  readonly stop: AbortSignal
  /** Called with each notice, which is one sentence. */
  readonly notice: (text: string) => void
  /** Starts a display of the progress, and returns a function that ends the display. */
  readonly watch: (progress: ReprocessProgress) => () => void
}

/**
 * Rebuilds the partitions. First, it removes what interrupted commands have left in Redis.
 *
 * @param states live states to replace, by partition
 * @throws OperationFailure with the first error
 */
export async function reprocessAll(
  operations: Reprocessings,
  work: Work,
  run: Operation,
  starts: readonly Start[],
  states: ReadonlyMap<number, StateKey>,
  { isTrial, counts }: Options,
  watching: Watching,
): Promise<readonly SwitchedPartition[]> {
  const { stop } = watching
  const progress = { decided: 0, total: 0, switched: 0, partitions: starts.length, beganMs: Date.now() }
  for (const { partition, offset } of starts) {
    const state = states.get(partition) as StateKey
    await work.live.unstage(state)
    const { version } = await work.live.facts(state)
    progress.total += Math.max(0, version.appliedOffset + 1 - offset)
  }
  const whole: Reprocessing = {
    ...work,
    attempt: run.attempt,
    onRead: count => {
      progress.decided += count
    },
    onExpired: (state, range) => reportExpired(state, range, watching),
    pause,
    nowMs: Date.now,
    stop,
  }
  const results: SwitchedPartition[] = []
  const hide = watching.watch(progress)
  try {
    for (const { partition, offset } of starts) {
      if (stop.aborted) break
      const state = states.get(partition) as StateKey
      try {
        if (!(await operations.isOwn(run)))
          throw new CopyStopped('overtaken', 'a later command computes these states')
        const { appliedOffset, epoch, emitted, older } = await reprocess(whole, state, offset, isTrial)
        const result = { startOffset: offset, appliedOffset, epoch: epoch ?? null, older }
        results.push({ ...state, ...result, emitted: Object.fromEntries(emitted) })
      } catch (error) {
        if (stop.aborted) break
        throw toFailure(error, state, isTrial)
      }
      progress.switched += 1
      counts[isTrial ? 'rebuilt' : 'switched'] = progress.switched
    }
  } finally {
    hide()
  }
  return results
}

function reportExpired(state: StateKey, { fromOffset, toOffset }: OffsetRange, { notice }: Watching): void {
  notice(
    `${state.topic}/${state.partition}: offsets ${fromOffset} to ${toOffset} have expired meanwhile; the new state does not include them.`,
  )
}

export const BEGIN_AGAIN =
  'Partitions that were switched before stay so. For the others, run the command again, with --partition for a single one.'
export const NOTHING_LEFT = 'Nothing was changed.'

function toFailure(error: unknown, state: StateKey, isTrial: boolean): unknown {
  if (error instanceof CopyStopped && error.why === 'other-code')
    return new OperationFailure(
      `${formatStateKey(state)} was deployed again meanwhile: ${error.message}. Start again with the deployed code.`,
    )
  const isKnown = [CopyStopped, PartitionStopped, Unavailable].some(known => error instanceof known)
  if (!isKnown) return error
  return new OperationFailure(
    `${formatStateKey(state)} was not ${isTrial ? 'computed' : 'switched'}: ${(error as Error).message}. ${isTrial ? NOTHING_LEFT : BEGIN_AGAIN}`,
    { cause: error },
  )
}
