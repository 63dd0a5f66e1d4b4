import type { Reader } from '../kit/progress.ts'

/** Whether the table has windows of a minute, or one row for each device. */
export type TableKind = 'windows' | 'keys'

/** A system that is running, and keeps the table of one topic. */
export interface Side {
  /** Consumer groups, whose offsets are committed when records are in the table, and the topics that they read. */
  readonly groups: readonly [Reader, ...Reader[]]
  /** Returns the processor time of its processes, its store's included, in milliseconds. */
  processorMs(): Promise<number | undefined>
  /** Returns the memory that its processes and its store hold. */
  memoryBytes(): Promise<number>
  /** Returns the number of readings in the table. */
  total(): Promise<number>
  stop(): Promise<void>
}
