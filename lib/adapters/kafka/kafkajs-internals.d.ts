declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  /** A record as it is written into a batch. */
  export default function encodeRecord(record: {
    offsetDelta: number
    timestampDelta: number
    key: Buffer | null
    value: Buffer | null
    headers: Record<string, Buffer>
  }): { size(): number }
}

declare module 'kafkajs/src/consumer/batch.js' {
  import type { KafkaMessage } from 'kafkajs'

  /** What one fetch brought of a partition. */
  export default class Batch {
    constructor(topic: string, fetchedOffset: string, partitionData: unknown)
    /** Without control records, and without what a transaction has aborted. */
    readonly messages: readonly KafkaMessage[]
    /** All from the fetched offset on. */
    readonly messagesWithinOffset: readonly { readonly offset: string }[]
  }
}
