/** Types of internal modules of kafkajs, with which tests compare the project's own code. */

declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  /** Encodes a record in the form in which it is written into a batch. */
  export default function encodeRecord(record: {
    offsetDelta: number
    timestampDelta: number
    key: Buffer | null
    value: Buffer | null
    headers: Record<string, Buffer>
  }): { size(): number }
}
