/** How a program that tries records says how far it is: a line before each record, and one after each partition. */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Backlog } from '../../packages/runtime/pipeline/deciding/try-chunk.ts'
import { digestOf } from '../../packages/runtime/pipeline/failures/failure-record.ts'

/** The descriptor that it writes to. */
export const PROGRESS = 3

/** The line that says that no record is being decided. */
export const IDLE = 'idle'

/** Arguments of the program, as JSON. */
export interface Attempt {
  readonly consumer: string
  readonly backlogs: readonly Backlog[]
  /** Records that were found before: they are decided as if they were set aside. */
  readonly aside: readonly RecordPlace[]
}

/** A record, and what it is recognised by. */
export interface RecordPlace {
  readonly partition: number
  readonly offset: number
  readonly digest: string
}

export function lineOf(record: LogRecord): string {
  const { partition, offset } = record
  return `${JSON.stringify({ partition, offset, digest: digestOf(record) } satisfies RecordPlace)}\n`
}

/** Undefined if no record is being decided. */
export function placeIn(line: string): RecordPlace | undefined {
  return line === IDLE ? undefined : JSON.parse(line)
}
