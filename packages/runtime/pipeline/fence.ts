import { Unavailable } from './errors.ts'

/** Keeps commits from a partition state while another one is prepared to take its place. */
export interface Fence {
  readonly why: 'topic-growing' | 'reprocessing'
  /** The command or operation that removes it. */
  readonly by: string
  /** Milliseconds since the epoch when it falls by itself; absent if it stands until it is removed. */
  readonly untilMs?: number
  /** How many partitions a growing topic will have. */
  readonly partitions?: number
}

/** The error of a load while the partition state is fenced. */
export function fenced({ why, partitions }: Fence): Unavailable {
  const what =
    why === 'topic-growing'
      ? `the topic is growing to ${partitions} partitions`
      : 'a state that was computed anew is about to replace this one'
  return new Unavailable(why, what)
}
