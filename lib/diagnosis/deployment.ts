/**
 * Rejects a deployment to unsuitable servers: a Redis that may evict keys, or topics with the wrong timestamp type. Otherwise, the
 * problem would only be noticed when an alert is missing.
 */

import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import type { Config } from '../app/config.ts'
import { topicFacts } from './ask-kafka.ts'
import { redisServers } from './ask-redis.ts'
import { evictionFindings } from './checks/redis.ts'
import { timestampFindings } from './checks/topics.ts'
import { openedKafka, wantedTopics } from './examine.ts'
import type { Finding } from './finding.ts'
import { standardsFor } from './places.ts'
import { seenIf, soon } from './seen.ts'

/** Timeout of each check, in milliseconds. It is short, because the servers may be unreachable from the machine that deploys. */
export const PATIENCE_MS = 5_000

export interface DeploymentRefusals {
  /** Reasons for rejecting the deployment. Each is a sentence that starts with the name of a variable. */
  readonly problems: readonly string[]
  /** Checks that could not be made from this machine, one sentence each. */
  readonly unseen: readonly string[]
}

/**
 * Checks the servers over the network. An unreachable server is not a reason for rejection. Never throws.
 *
 * @param patienceMs timeout in milliseconds, for Redis and for Kafka
 */
export async function deploymentRefusals(
  config: Config,
  connections: Connections,
  patienceMs = PATIENCE_MS,
): Promise<DeploymentRefusals> {
  const found = await Promise.all([
    refusals('REDIS_URL', 'its maxmemory-policy', () => soon(redisVerdicts(connections), patienceMs)),
    refusals(kafkaVariable(config), 'the timestamp types of its topics', () =>
      soon(topicVerdicts(config, connections), patienceMs),
    ),
  ])
  return {
    problems: found.flatMap(({ problems }) => problems),
    unseen: found.flatMap(({ unseen }) => unseen),
  }
}

async function refusals(
  variable: string,
  what: string,
  ask: () => Promise<readonly Finding[]>,
): Promise<DeploymentRefusals> {
  const findings = await seenIf(ask)
  const notSeen = (why: string) => `${variable}: ${what} cannot be seen from here (${why}).`
  if ('unseen' in findings) return { problems: [], unseen: [notSeen(findings.unseen)] }
  const of = (verdict: Finding['verdict']) => findings.seen.filter(finding => finding.verdict === verdict)
  return {
    problems: of('wrong').map(({ subject, says, todo }) => `${variable}: ${subject}: ${says}. ${todo}`),
    unseen: of('unknown').map(({ says }) => notSeen(says)),
  }
}

/** Returns the name of the variable that configures the Kafka cluster. */
export function kafkaVariable({ kafka }: Pick<Config, 'kafka'>): string {
  return kafka.brokers.length > 0 ? 'KAFKA_BROKERS' : 'MSK_CLUSTER_ARN'
}

async function redisVerdicts(connections: Connections): Promise<Finding[]> {
  return (await redisServers(await connections.redis())).flatMap(evictionFindings)
}

async function topicVerdicts(config: Config, connections: Connections): Promise<Finding[]> {
  const opened = await openedKafka(connections)
  if ('unseen' in opened) throw new Error(opened.unseen)
  const { kafka, inspection } = opened.seen
  try {
    const standards = standardsFor(config, true, 1)
    const topics = await topicFacts(kafka, inspection, wantedTopics(config.env))
    return topics.flatMap(topic => timestampFindings(topic, standards))
  } finally {
    await inspection.close()
  }
}
