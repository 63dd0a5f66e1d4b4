/** What asks brokers of the state of a cluster. An entry of its own: whoever only reads records has none of it in its bundle. */
export { type AlteredSettings, alterSettingsQuestion } from './alter-settings.ts'
export { type BatchesFrom, type BatchHead, batchesQuestion, type FetchedBatches } from './batches.ts'
export { type BrokerFeatures, featuresQuestion } from './features.ts'
export {
  type AskedBroker,
  type AskingCluster,
  askBroker,
  askingCluster,
  type DescribedGroup,
  UnsupportedQuestion,
} from './kafkajs-asking.ts'
export { edgesQuestion, type PartitionEdge } from './list-offsets.ts'
export { type LogDir, type LogDirsAnswer, logDirsQuestion } from './log-dirs.ts'
export { type ClusterMetadata, metadataQuestion, type TopicMetadata } from './metadata.ts'
export type { Question } from './question.ts'
export { type MetadataQuorum, quorumQuestion } from './quorum.ts'
export { type Setting, type SettingsAnswer, settingsQuestion } from './settings.ts'
export { type TopicId, topicIdsQuestion } from './topic-ids.ts'
