/** Topics and transactions of the cluster, as several questions describe them. */
import type { ClusterInspection } from '#runtime/operating/kafka'
import { Failure } from '../../lib/support/failure.ts'
import { describeKafka } from '../diagnosis/server-standards.ts'
import { examineTransactions } from '../diagnosis/transactions.ts'
import type { Config } from '../environment/config.ts'
import { type ClusterTopic, listClusterTopics } from '../queries/kafka/cluster.ts'
import type { Environment } from './environment.ts'

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
