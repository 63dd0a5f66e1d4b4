/** Rebuilds several partitions at a time, and switches each partition to the rebuilt state when it has caught up. */
import { setTimeout as pause } from 'node:timers/promises'
import { CopyStopped, PartitionStopped, Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { Generations } from '../../../packages/runtime/pipeline/generations/generations.ts'
import type { OffsetRange, StateKey } from '../../../packages/runtime/pipeline/model.ts'
import type { Recovery } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import {
  begin,
  type Reprocessing,
  reprocess,
} from '../../../packages/runtime/pipeline/reprocessing/reprocess.ts'
import { emptyAt, withoutOutbox } from '../../../packages/runtime/pipeline/reprocessing/seed.ts'
import type { Counts } from '../audit.ts'
import { OperationFailure } from '../failure.ts'
import { nameOf } from '../state-keys.ts'
import type { Start } from './from.ts'
import type { Reprocessed, Reprocessings, SwitchedPartition } from './operation.ts'

export interface Servers {
  readonly copies: Generations
  readonly recovery: Recovery | undefined
  readonly operations: Reprocessings
}

export type Work = Omit<Reprocessing, 'decided' | 'expired' | 'pause' | 'nowMs' | 'stop'>

interface Options {
  readonly atOnce: number
  readonly isTrial: boolean
  /** Counts that are incremented with each completed partition. */
  readonly counts: Counts
}

/** Progress of a reprocessing. */
interface ReprocessProgress {
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
 * Rebuilds the partitions.
 *
 * @param states live states to replace, by partition
 * @throws OperationFailure with the first error, after all other partitions have stopped
 */
export async function reprocessAll(
  servers: Servers,
  work: Work,
  operation: Reprocessed,
  states: ReadonlyMap<number, StateKey>,
  { atOnce, isTrial, counts }: Options,
  watching: Watching,
): Promise<readonly SwitchedPartition[]> {
  const failed = new AbortController()
  const stop = AbortSignal.any([watching.stop, failed.signal])
  const open = operation.starts.filter(
    ({ partition }) => !operation.switched.includes(partition) && states.has(partition),
  )
  const progress = { decided: 0, total: 0, switched: 0, partitions: open.length, beganMs: Date.now() }
  for (const { partition, offset } of open)
    progress.total += await missingOf(servers.copies, states.get(partition) as StateKey, offset)
  const whole: Reprocessing = {
    ...work,
    decided: count => {
      progress.decided += count
    },
    expired: (state, range) => expired(state, range, watching),
    pause,
    nowMs: Date.now,
    stop,
  }
  const done: SwitchedPartition[] = []
  const left = [...open]
  const worker = async () => {
    for (let start = left.shift(); start && !stop.aborted; start = left.shift()) {
      const state = states.get(start.partition) as StateKey
      try {
        done.push(await one(servers, whole, operation, start, state, isTrial))
        progress.switched += 1
        counts[isTrial ? 'rebuilt' : 'switched'] = progress.switched
      } catch (error) {
        failed.abort(failed.signal.aborted ? undefined : failureOf(error, state, isTrial))
      }
    }
  }
  const hide = watching.watch(progress)
  try {
    await Promise.all(Array.from({ length: atOnce }, worker))
  } finally {
    hide()
  }
  if (failed.signal.aborted && !watching.stop.aborted) throw failed.signal.reason
  return done.sort((a, b) => a.partition - b.partition)
}

async function one(
  { copies, recovery, operations }: Servers,
  work: Reprocessing,
  operation: Reprocessed,
  start: Start,
  state: StateKey,
  isTrial: boolean,
): Promise<SwitchedPartition> {
  if ((await copies.purpose(state)) !== 'reprocessing') {
    const { checkpoint, offset } = start
    const pages =
      checkpoint && recovery
        ? withoutOutbox(recovery.checkpoints.read(state, checkpoint))
        : emptyAt(copies, state, offset)
    await begin(copies, state, pages)
  }
  const { appliedOffset, epoch, emitted } = await reprocess(work, state, start.offset, isTrial)
  if (epoch !== undefined)
    await operations.note(operation, own => ({ ...own, switched: [...own.switched, start.partition] }))
  return {
    ...state,
    startOffset: start.offset,
    appliedOffset,
    epoch: epoch ?? null,
    emitted: Object.fromEntries(emitted),
  }
}

/** Returns the number of offsets to read until the rebuilt state reaches the position of the live state. */
async function missingOf(copies: Generations, state: StateKey, startOffset: number): Promise<number> {
  const [live, rebuilt] = [await copies.facts(state), await copies.facts(state, 'next')]
  const isBegun = (await copies.purpose(state)) === 'reprocessing'
  const from = isBegun ? rebuilt.version.appliedOffset : startOffset - 1
  return Math.max(0, live.version.appliedOffset - from)
}

function expired(state: StateKey, { fromOffset, toOffset }: OffsetRange, { notice }: Watching): void {
  notice(
    `${state.topic}/${state.partition}: offsets ${fromOffset} to ${toOffset} have expired meanwhile; the new state does not include them.`,
  )
}

export const GO_ON = 'The partial rebuild is kept. Continue it with --resume, or delete it with --discard.'
export const NOTHING_LEFT = 'Nothing was changed, and the rebuilt state was removed.'

function failureOf(error: unknown, state: StateKey, isTrial: boolean): unknown {
  if (error instanceof CopyStopped && error.why === 'other-code')
    return new OperationFailure(
      `${nameOf(state)} was deployed again meanwhile: ${error.message}. The rebuilt state was computed with the old code. ` +
        (isTrial ? 'Start again.' : 'Remove it with --discard and start again.'),
    )
  const isKnown = [CopyStopped, PartitionStopped].some(known => error instanceof known)
  if (isKnown || error instanceof Unavailable)
    return new OperationFailure(
      `${nameOf(state)} was not ${isTrial ? 'computed' : 'switched'}: ${(error as Error).message}. ${isTrial ? NOTHING_LEFT : GO_ON}`,
      { cause: error },
    )
  return error
}
