/** Port to a warehouse, which has two implementations in `adapters/`. */
import type { HistoryTable } from '../history/tables.ts'
import { Failure } from '../support/failure.ts'
import type { Changes, MartRow } from './mart.ts'

/** Progress of one partition. It changes together with the rows that the partition adds. */
export interface Watermark {
  readonly table: HistoryTable
  readonly topic: string
  readonly partition: number
  /** Next offset to load. */
  readonly nextOffset: number
  /** Log time of the last loaded record, in milliseconds since the epoch. */
  readonly upToMs: number
}

/** A part of the log to load: the offsets from `fromOffset`, inclusive, to `nextOffset`, exclusive. */
export interface Step extends Watermark {
  readonly fromOffset: number
  readonly changes: Changes
}

export interface WarehouseTarget {
  /** Location for messages, without a password. */
  readonly location: string
  /**
   * Connects, and creates or migrates the tables.
   *
   * @throws WarehouseFailure if the warehouse cannot be used
   */
  open(): Promise<void>
  watermarks(): Promise<readonly Watermark[]>
  /**
   * Adds the rows of a step and moves the watermark, both or neither.
   *
   * @returns false if the watermark is not at `fromOffset`, because another run has moved it. Nothing is changed then.
   */
  apply(step: Step): Promise<boolean>
  /** Returns the rows of a mart, or of a view that the warehouse has, in any order. */
  rows(name: string): Promise<readonly MartRow[]>
  close(): Promise<void>
}

/** Error of a warehouse. The message contains neither data nor passwords. */
export class WarehouseFailure extends Failure {
  override readonly name = 'WarehouseFailure'
}

/** Returns the watermark of a partition; undefined if nothing of it was loaded. */
export function watermarkOfPartition(
  watermarks: readonly Watermark[],
  { table, topic, partition }: Pick<Watermark, 'table' | 'topic' | 'partition'>,
): Watermark | undefined {
  return watermarks.find(one => one.table === table && one.topic === topic && one.partition === partition)
}
