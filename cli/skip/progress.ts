/**
 * Progress messages of the program that tries records. The program writes one line before each record, and one after each
 * partition.
 */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Backlog } from '../../packages/runtime/pipeline/deciding/try-chunk.ts'
import { digestOf } from '../../packages/runtime/pipeline/failures/failure-record.ts'

/** File descriptor to which the program writes its progress. */
export const PROGRESS = 3

/** Line that means that no record is being processed. */
export const IDLE = 'idle'

/** Arguments of the program that tries records. They are passed as JSON. */
export interface Attempt {
  readonly consumer: string
  readonly backlogs: readonly Backlog[]
  /** Records that earlier attempts have found. They are treated as skipped. */
  readonly aside: readonly RecordPlace[]
}

/** Position of a record, and the digest that identifies it. */
export interface RecordPlace {
  readonly partition: number
  readonly offset: number
  readonly digest: string
}

export function lineOf(record: LogRecord): string {
  const { partition, offset } = record
  return `${JSON.stringify({ partition, offset, digest: digestOf(record) } satisfies RecordPlace)}\n`
}

/** Returns the record that is being processed according to a line; undefined if no record is being processed. */
export function placeIn(line: string): RecordPlace | undefined {
  return line === IDLE ? undefined : JSON.parse(line)
}
