/**
 * Requests to brokers about the state of a cluster. This is a separate entry point, so that programs which only read records do not
 * bundle it.
 */
export { type BatchesFrom, type BatchHead, batchesQuestion, type FetchedBatches } from './fetch-batches.ts'
export {
  eachBroker,
  fetchMetadata,
  listAnswers,
  lookUpBrokers,
  type OfBroker,
  partitionsByLeader,
} from './leaders.ts'
export { edgesQuestion, type PartitionEdge } from './list-offsets.ts'
export { type LogDir, logDirsQuestion } from './log-dirs.ts'
export {
  type ClusterMetadata,
  metadataQuestion,
  type TopicId,
  type TopicMetadata,
  topicIdsQuestion,
} from './metadata.ts'
export {
  describeOpenTransaction,
  LongTransactions,
  OPEN_FOR_MS,
  type OpenTransaction,
  readOpenTransactions,
} from './open-transactions.ts'
export { alterSettingsQuestion, type Setting, settingsQuestion } from './settings.ts'
export { askBroker, type Question } from './wire.ts'
