export { listHeaders } from './fetched-record.ts'
export { inflate } from './inflate.ts'
export { installRecordDecoder } from './install-decoder.ts'
export {
  type Broker,
  type Cluster,
  createCluster,
  type DescribedGroup,
  type FetchedMessage,
  hookClusters,
  mendConnections,
  protocolError,
} from './kafkajs-internals.ts'
export { formatPartition, OpenBatches } from './open-batches.ts'
export { MAX_EVENT_BYTES } from './raw-record.ts'
export { UnreadableBytes } from './unreadable-bytes.ts'
