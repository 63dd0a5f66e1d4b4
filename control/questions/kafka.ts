/** Topics of the cluster and their bounds, as several questions read them. */
import type { ClusterInspection, KnownBounds, TopicLayout } from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import { Failure } from '../../lib/support/failure.ts'
import { describeKafka } from '../diagnosis/server-standards.ts'
import { examineTransactions } from '../diagnosis/transactions.ts'
import type { Config } from '../environment/config.ts'
import { type ClusterTopic, toClusterTopics } from '../queries/kafka/cluster.ts'
import type { Environment } from './environment.ts'

/** Returns all topics sorted by name, including internal ones. @throws RefusedByKafka or Unavailable */
async function listClusterTopics(cluster: ClusterInspection): Promise<ClusterTopic[]> {
  return toClusterTopics(await awaitKafkaAnswer('list of topics', cluster.metadata()))
}

/** Returns the first and last readable offsets of topics. @throws RefusedByKafka or Unavailable */
export function readBounds(
  cluster: Pick<ClusterInspection, 'bounds'>,
  topics: readonly TopicLayout[],
): Promise<KnownBounds> {
  return awaitKafkaAnswer('ends of topics', cluster.bounds(topics))
}

/** Returns the bounds of the topics with these names. Missing topics are omitted. @throws RefusedByKafka or Unavailable */
export async function readBoundsByName(
  environment: Pick<Environment, 'cluster'>,
  names: readonly string[],
): Promise<KnownBounds> {
  const cluster = await environment.cluster()
  return readBounds(
    cluster,
    (await listClusterTopics(cluster)).filter(({ topic }) => names.includes(topic)),
  )
}

/** Returns notes about transactions that keep topics from being read, also if that is not known. */
export async function describeTransactions(
  cluster: Pick<ClusterInspection, 'openTransactions'>,
  topics: Iterable<string>,
): Promise<string[]> {
  const findings = (await examineTransactions(cluster, '', topics)).filter(({ verdict }) => verdict !== 'ok')
  return findings.map(({ says, todo }) =>
    todo ? `${says}. ${todo}` : `It is not known whether transactions are open: ${says}.`,
  )
}

/** Returns a topic of the cluster. @throws Failure for an unknown topic, RefusedByKafka or Unavailable */
export async function requireClusterTopic(
  { config }: Pick<Environment, 'config'>,
  cluster: ClusterInspection,
  name: string,
): Promise<ClusterTopic> {
  const found = (await listClusterTopics(cluster)).find(({ topic }) => topic === name)
  if (found) return found
  throw missingTopic(config, name)
}

/** Returns the failure for a topic that Kafka does not have. */
export function missingTopic(config: Config, name: string): Failure {
  return new Failure(
    `Kafka at ${describeKafka(config).address} has no topic ${name} that this client may describe. \`sluice topics list\` lists all topics.`,
    { isMissing: true },
  )
}
