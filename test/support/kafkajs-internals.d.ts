/** Parts of the client library with which tests compare our own. */

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
