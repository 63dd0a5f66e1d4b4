import { Unavailable } from '../errors.ts'

/** Keeps commits from a partition state while another one is prepared to take its place. */
export interface Fence {
  readonly why: 'topic-growing' | 'reprocessing'
  /**
   * The run of a command that has raised it, and removes it: a later one has a higher number, and takes over. Absent in fences of earlier
   * versions, which any run takes over.
   */
  readonly attempt: number
  /** Milliseconds since the epoch when it falls by itself; absent if it stands until it is removed. */
  readonly untilMs?: number
  /** How many partitions a growing topic will have. */
  readonly partitions?: number
}

/** Returns whether a command may take over a fence that stands, go on behind it, or remove it. */
export function isOwnFence(stands: Fence | undefined, { why, attempt, partitions }: Fence): boolean {
  return stands?.why === why && stands.partitions === partitions && (stands.attempt ?? 0) <= attempt
}

/** The error of a load while the partition state is fenced. */
export function fenced({ why, partitions }: Fence): Unavailable {
  const what =
    why === 'topic-growing'
      ? `the topic is growing to ${partitions} partitions`
      : 'a state that was computed anew is about to replace this one'
  return new Unavailable(why, what)
}
