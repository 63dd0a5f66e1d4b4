import type { Header, RawRecord } from './raw-record.ts'
import type { Batch } from './read-batches.ts'

/** A record in the format of kafkajs, with additional data from the log. */
export class FetchedRecord {
  readonly magicByte = 2
  readonly attributes = 0
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Headers in their original order. */
  readonly headerList: readonly Header[]
  /** True for an offset without a record to return. kafkajs skips the offset and continues after it. */
  readonly isControlRecord: boolean
  readonly batchContext: BatchContext
  /**
   * Size of the record in the log, in bytes. Set only if the record is too large for the event of a Lambda function. In this case
   * the value is omitted, and so are the key and the headers if they are large.
   */
  readonly oversizeBytes: number | undefined

  constructor(
    offset: number,
    timestampMs: number,
    { key, value, headers, oversizeBytes }: Omit<RawRecord, 'offsetDelta' | 'timestampDelta'>,
    batchContext: BatchContext,
    isControlRecord = false,
  ) {
    this.offset = String(offset)
    this.timestamp = String(timestampMs)
    this.key = key
    this.value = value
    this.headerList = headers
    this.batchContext = batchContext
    this.isControlRecord = isControlRecord
    this.oversizeBytes = oversizeBytes
  }

  /** Headers in the format of kafkajs: by name, with a list if a name occurs more than once. Computed on each access. */
  get headers(): Record<string, Buffer | null | (Buffer | null)[]> {
    const byName = new Map<string, Buffer | null | (Buffer | null)[]>()
    for (const [name, value] of this.headerList) {
      const before = byName.get(name)
      if (before === undefined) byName.set(name, value)
      else if (Array.isArray(before)) before.push(value)
      else byName.set(name, [before, value])
    }
    return Object.fromEntries(byName)
  }
}

export type BatchContext = ReturnType<typeof toBatchContext>

export function toBatchContext(batch: Batch) {
  return {
    firstOffset: String(batch.baseOffset),
    firstTimestamp: String(batch.firstTimestampMs),
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    inTransaction: batch.isTransactional,
    isControlBatch: batch.isControl,
    lastOffsetDelta: batch.lastOffset - batch.baseOffset,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    firstSequence: batch.firstSequence,
    maxTimestamp: String(batch.maxTimestampMs),
    timestampType: batch.isLogAppendTime ? 1 : 0,
    magicByte: 2,
  }
}

interface Message {
  readonly headers?: object | undefined
  readonly headerList?: readonly Header[]
}

/** Returns the headers in the order of the log. If kafkajs itself has decoded the message, they are grouped by name instead. */
export function listHeaders(message: Message): readonly Header[] {
  const { headerList } = message
  if (headerList) return headerList
  // `headers` is read only here. A `FetchedRecord`, which would compute it on each access, was handled above.
  return Object.entries(message.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value): Header => [name, value == null ? null : Buffer.from(value)]),
  )
}
