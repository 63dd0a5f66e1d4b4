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
