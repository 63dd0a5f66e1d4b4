import { Unavailable } from '../errors.ts'

/** A fence on a partition state. While it exists, commits to the state are rejected so that a replacement can be prepared. */
export interface Fence {
  readonly why: 'reprocessing'
  /** Number of the command run that has created the fence and will remove it. A run with a higher number may take over the fence. */
  readonly attempt: number
  /** Time at which the fence expires, in milliseconds since the epoch. */
  readonly untilMs?: number
}

/** Returns true if a run may take over an existing fence, use it, or remove it. */
export function isOwnFence(stands: Fence | undefined, { why, attempt }: Fence): boolean {
  return stands?.why === why && stands.attempt <= attempt
}

/** Returns the error that reports a fenced partition state to the caller of `load`. */
export function createFencedError({ why }: Fence): Unavailable {
  return new Unavailable(why, 'a recomputed state is about to replace this one')
}
