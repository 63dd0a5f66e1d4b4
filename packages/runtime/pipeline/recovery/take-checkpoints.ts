/**
 * Copies partition states to the checkpoint store. States without a checkpoint are copied first, then those with the oldest
 * checkpoints.
 */

import { CopyStopped, Unavailable } from '../errors.ts'
import type { StateKey } from '../model.ts'
import { chainOf, dispensable, nextAfter } from './chain.ts'
import { type KeptCheckpoint, type Recovery, sameVersion } from './checkpoints.ts'

export interface TakingOptions {
  /** Number of checkpoints to keep per partition, including the new one. */
  readonly kept: number
  /** Returns the current time, in milliseconds since the epoch. */
  readonly nowMs: () => number
  /** Returns the remaining time of the invocation, in milliseconds. If it is less than `reserveMs`, no further copy is begun. */
  readonly remainingMs: () => number
  readonly reserveMs: number
}

/** A partition of which no new checkpoint was taken although its state may have changed, with the reason. */
export interface NotTaken {
  readonly partitionState: StateKey
  readonly reason: 'moving' | 'out-of-time' | 'failed'
  /** Age of the newest checkpoint, in milliseconds; undefined if none exists. */
  readonly ageMs: number | undefined
  readonly error?: unknown
}

export interface TakenCheckpoints {
  readonly written: number
  readonly bytes: number
  /** Number of states that have not changed since their newest checkpoint. */
  readonly unchanged: number
  readonly notTaken: readonly NotTaken[]
}

/**
 * Number of attempts to take a checkpoint of a state. An attempt is repeated if the state was replaced during the read, or if
 * another run has taken a checkpoint in the meantime.
 */
const ROUNDS = 2

interface Candidate {
  readonly partitionState: StateKey
  /** All checkpoints, newest first. */
  readonly all: readonly KeptCheckpoint[]
}

/**
 * Takes the checkpoints that are due.
 *
 * @throws Unavailable if Redis or the checkpoint store cannot be reached; checkpoints that are already
 *   written are kept
 */
export async function takeCheckpoints(
  recovery: Recovery,
  partitionStates: readonly StateKey[],
  options: TakingOptions,
): Promise<TakenCheckpoints> {
  const listed = partitionStates.map(async partitionState => ({
    partitionState,
    all: await recovery.checkpoints.list(partitionState),
  }))
  const ageMs = ({ all: [newest] }: Candidate) => newest && options.nowMs() - newest.takenAtMs
  const notTaken: NotTaken[] = []
  const leave = (candidate: Candidate, reason: NotTaken['reason'], error?: unknown) =>
    notTaken.push({
      partitionState: candidate.partitionState,
      reason,
      ageMs: ageMs(candidate),
      ...(error === undefined ? {} : { error }),
    })
  let [written, bytes, unchanged] = [0, 0, 0]
  let pending = (await Promise.all(listed)).sort(byAge)
  for (let round = 1; round <= ROUNDS && pending.length > 0; round += 1) {
    const moving: Candidate[] = []
    for (const candidate of pending) {
      if (options.remainingMs() < options.reserveMs) {
        leave(candidate, 'out-of-time')
        continue
      }
      try {
        const outcome = await takeOne(recovery, candidate.partitionState, options)
        if (outcome === 'moved') moving.push(candidate)
        else if (outcome === 'unchanged') unchanged += 1
        else if (outcome !== 'absent') {
          written += 1
          bytes += outcome
        }
      } catch (error) {
        if (error instanceof Unavailable) throw error
        leave(candidate, 'failed', error)
      }
    }
    pending = moving
  }
  for (const candidate of pending) leave(candidate, 'moving')
  return { written, bytes, unchanged, notTaken }
}

type Outcome = number | 'absent' | 'unchanged' | 'moved'

/** Takes a checkpoint of one state. Returns the number of written bytes, or the reason why nothing was written. */
async function takeOne(
  { checkpoints, states }: Recovery,
  partitionState: StateKey,
  { kept, nowMs }: TakingOptions,
): Promise<Outcome> {
  const tracked = await states.tracked(partitionState)
  // If the state is gone, it may have to be restored, so none of its checkpoints is removed.
  if (!tracked) return 'absent'
  const { version, since } = tracked
  const all = await checkpoints.list(partitionState)
  const [newest] = all
  if (newest && sameVersion(newest.version, version) && chainOf(newest, all)) return 'unchanged'
  const before = nextAfter(since, { epoch: version.epoch, partition: partitionState.partition }, all)
  const reading = states.read(partitionState, tracked, before ? 'changes' : 'whole')
  const takenAtMs = Math.max(nowMs(), newest ? newest.takenAtMs + 1 : 0)
  try {
    const taken = { takenAtMs, ...(before ? { after: before.takenAtMs } : {}) }
    const written = await checkpoints.write(partitionState, taken, reading.pages)
    // If this fails, the next checkpoint contains these changes again.
    await reading.stored(takenAtMs)
    // Remove old checkpoints only now, because any of them may be needed until the new one is stored.
    for (const old of dispensable([written.kept, ...all], kept)) await checkpoints.remove(partitionState, old)
    return written.bytes
  } catch (error) {
    if (error instanceof CopyStopped && error.why === 'moved') return 'moved'
    throw error
  }
}

function byAge({ all: [a] }: Candidate, { all: [b] }: Candidate): number {
  return (a?.takenAtMs ?? 0) - (b?.takenAtMs ?? 0)
}
