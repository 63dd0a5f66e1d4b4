export { inflate } from './codecs.ts'
export { headersOf } from './fetched-record.ts'
export { readRecordsOf } from './kafkajs.ts'
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
export { OpenBatches, placeOf } from './open-batches.ts'
export { MAX_EVENT_BYTES } from './record.ts'
export { UnreadableBytes } from './unreadable.ts'
