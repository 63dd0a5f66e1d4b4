export { inflate } from './codecs.ts'
export { listHeaders } from './fetched-record.ts'
export { installRecordDecoder } from './kafkajs.ts'
export {
  type Broker,
  type Cluster,
  createCluster,
  type DescribedGroup,
  type FetchedMessage,
  hookClusters,
  protocolError,
  restIdleConnections,
} from './kafkajs-internals.ts'
export { formatPartition, OpenBatches } from './open-batches.ts'
export { MAX_EVENT_BYTES } from './record.ts'
export { UnreadableBytes } from './unreadable.ts'
