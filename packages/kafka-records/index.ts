export { inflate } from './codecs.ts'
export { headersOf } from './fetched-record.ts'
export { readEveryCodec, readRecordsOf } from './kafkajs.ts'
export { type Broker, type Cluster, createCluster, type FetchedMessage } from './kafkajs-internals.ts'
export { OpenBatches, placeOf } from './open-batches.ts'
export { LARGEST_EVENT_BYTES } from './record.ts'
export { UnreadableBatch } from './unreadable-batch.ts'
export {
  BatchBuilder,
  type BatchSequence,
  ClosedBatch,
  type WritableRecord,
} from './writing/batch-builder.ts'
export { WRITABLE_CODECS, type WritableCodec } from './writing/compress.ts'
export {
  AnswerOverdue,
  OF_TRANSACTIONS,
  type ProducerIdentity,
  type ProducingBroker,
  type ProducingCluster,
  producingCluster,
  sendBatches,
} from './writing/kafkajs-producing.ts'
export type { PartitionBatch, ProduceAnswer } from './writing/produce.ts'
