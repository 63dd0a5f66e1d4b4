/** Copies partition states to the checkpoint store. Those with the oldest checkpoint, or with none, come first. */

import { Unavailable } from '../errors.ts'
import type { StateKey } from '../model.ts'
import {
  type KeptCheckpoint,
  type NotHeld,
  PartitionMoved,
  type Recovery,
  sameVersion,
  type TakenState,
} from './checkpoints.ts'

export interface TakingOptions {
  /** How many checkpoints of a partition are kept, including the new one. */
  readonly kept: number
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number
  /** The remaining time of the invocation; no copy begins if it is less than `reserveMs`. */
  readonly remainingMs: () => number
  readonly reserveMs: number
}

/** Why a state that never rests was not read from a copy. */
type CopyRefusal = Exclude<NotHeld, 'absent'>

/** A partition without a new checkpoint although its state may have changed since the last one, and why. */
export interface NotTaken {
  readonly partitionState: StateKey
  readonly reason: 'moving' | 'out-of-time' | 'failed' | CopyRefusal
  /** Milliseconds since the newest checkpoint was taken; undefined if there is none. */
  readonly ageMs: number | undefined
  readonly error?: unknown
}

export interface TakenCheckpoints {
  readonly written: number
  readonly bytes: number
  /** States that have not changed since their newest checkpoint. */
  readonly unchanged: number
  readonly notTaken: readonly NotTaken[]
}

/**
 * How often a partition state is tried. If it changes while it is read, all others have their turn first. The last time it is read
 * from a copy in the store, which does not change: that takes room there, but no rate of commits is too high for it.
 */
const ROUNDS = 2

interface Candidate {
  readonly partitionState: StateKey
  /** Newest first. */
  readonly all: readonly KeptCheckpoint[]
}

/** @throws Unavailable if Redis or the checkpoint store cannot be reached: checkpoints written so far stay */
export async function takeCheckpoints(
  recovery: Recovery,
  partitionStates: readonly StateKey[],
  options: TakingOptions,
): Promise<TakenCheckpoints> {
  const listed = partitionStates.map(async partitionState => {
    await recovery.states.removeStaleCopy(partitionState, options.nowMs())
    return { partitionState, all: await recovery.checkpoints.list(partitionState) }
  })
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
        const outcome = await takeOne(recovery, candidate, options, round === ROUNDS)
        if (outcome === 'moved') moving.push(candidate)
        else if (outcome === 'unchanged') unchanged += 1
        else if (typeof outcome === 'string') {
          if (outcome !== 'absent') leave(candidate, outcome)
        } else {
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

type Outcome = number | 'absent' | 'unchanged' | 'moved' | CopyRefusal

/**
 * Returns how many bytes were written, or why none were.
 *
 * @param isLast whether the store is asked for a copy
 */
async function takeOne(
  recovery: Recovery,
  candidate: Candidate,
  options: TakingOptions,
  isLast: boolean,
): Promise<Outcome> {
  const { states } = recovery
  const { partitionState } = candidate
  if (!isLast) {
    const taken = await states.take(partitionState)
    // If the state is gone, its checkpoints are needed more than ever: remove none.
    return taken ? writeOne(recovery, candidate, options, taken) : 'absent'
  }
  const held = await states.holdStill(partitionState, options.nowMs())
  if (typeof held === 'string') return held
  try {
    return await writeOne(recovery, candidate, options, held)
  } finally {
    // The checkpoint is written, or has failed for a reason of its own. A copy that stays is removed once it is stale.
    await held.letGo().catch(() => {})
  }
}

async function writeOne(
  { checkpoints }: Recovery,
  { partitionState, all }: Candidate,
  { kept, nowMs }: TakingOptions,
  taken: TakenState,
): Promise<Outcome> {
  const [newest] = all
  if (newest && sameVersion(newest.version, taken.version)) return 'unchanged'
  const takenAtMs = Math.max(nowMs(), newest ? newest.takenAtMs + 1 : 0)
  const { version } = taken
  try {
    const bytes = await checkpoints.write(partitionState, { takenAtMs, version }, taken.pages)
    // Only now: any of the old checkpoints may be needed until the new one is stored.
    for (const old of all.slice(kept - 1)) await checkpoints.remove(partitionState, old)
    return bytes
  } catch (error) {
    if (error instanceof PartitionMoved) return 'moved'
    throw error
  }
}

function byAge({ all: [a] }: Candidate, { all: [b] }: Candidate): number {
  return (a?.takenAtMs ?? 0) - (b?.takenAtMs ?? 0)
}
