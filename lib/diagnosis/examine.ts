/** Looks at a live environment: what Sluice's tables and settings want, against what Kafka and Redis are. */

import type { Config } from '../app/config.ts'
import { kafkaTopics, TOPICS } from '../app/topics.ts'
import type { Kafka } from '../runtime/adapters/kafka/client.ts'
import { ClusterInspection } from '../runtime/adapters/kafka/cluster-inspection.ts'
import { RedisCircuitBreaker } from '../runtime/adapters/redis/circuit-breaker.ts'
import { StateInspection } from '../runtime/adapters/redis/inspection.ts'
import type { Connections } from '../runtime/lambda/connections.ts'
import { consumerFacts } from './ask-consumers.ts'
import { clusterFacts, topicFacts } from './ask-kafka.ts'
import { redisFacts } from './ask-redis.ts'
import { brokersClockFinding, redisClockFinding, tickFindings } from './checks/clocks.ts'
import { consumerFindings } from './checks/consumers.ts'
import { kafkaFindings } from './checks/kafka.ts'
import { batchFindings, producerFindings } from './checks/producers.ts'
import { redisFindings } from './checks/redis.ts'
import { topicFindings } from './checks/topics.ts'
import { askedConsumersOf, type ExaminedFunction } from './consumers.ts'
import { deadLettersCounted } from './dead-letters.ts'
import type { RedisFacts, TopicFacts } from './facts.ts'
import { about, type Finding, type Seen } from './finding.ts'
import { kafkaPlace, redisPlace, standardsFor } from './places.ts'
import { ownProducers } from './producers.ts'
import { seenIf, soon } from './seen.ts'

interface Examination {
  readonly config: Config
  readonly connections: Connections
  readonly functions: readonly ExaminedFunction[]
  /** Whether the clock is meant to run. */
  readonly ticks: boolean
  /** Whether to judge by what an account needs, wherever the servers are. */
  readonly asAccount: boolean
}

const NOT_SEEN = 'Kafka was not seen'

/** All findings. A server that does not answer is a finding, and so is all that could not be seen for it. */
export async function examined(examination: Examination): Promise<Finding[]> {
  const { config, connections, ticks, asAccount } = examination
  const place = kafkaPlace(config)
  const redis = await askedRedis(examination)
  const opened = await openedKafka(connections)
  if ('unseen' in opened) {
    const standards = standardsFor(config, asAccount, 1)
    return [
      ...kafkaFindings({ ...place, cluster: opened }, standards),
      ...redisFindings(redis, standards),
      ...redisClocks(redis),
      about('topics', 'exists', config.env).unknown(NOT_SEEN),
      about('topics', 'timestamp-type', config.env).unknown(NOT_SEEN),
      about('consumers', 'lag', config.env).unknown(NOT_SEEN),
      ...ownFindings(config),
    ]
  }
  const { kafka, inspection } = opened.seen
  try {
    const cluster = await seenIf(() => clusterFacts(kafka, inspection))
    const brokers = 'seen' in cluster ? cluster.seen.brokers.length : 1
    const standards = standardsFor(config, asAccount, brokers)
    const topics = await topicFacts(kafka, inspection, wantedTopics(config.env))
    return [
      ...kafkaFindings({ ...place, cluster }, standards),
      ...redisFindings(redis, standards),
      ...redisClocks(redis),
      brokersClockFinding(topics, Date.now()),
      ...topics.flatMap(topic => tickFindings(topic, Date.now(), ticks)),
      ...topics.flatMap(topic => topicFindings(topic, standards)),
      ...ownFindings(config),
      ...topics.slice(0, 1).flatMap(topic => batchFindings(topic, config.idWindowMs)),
      ...(await consumerFindingsOf(examination, kafka, inspection, topics)),
    ]
  } finally {
    await inspection.close()
  }
}

/** The topics of the table: readings, which come from outside, first. */
export function wantedTopics(env: string): TopicFacts['wanted'][] {
  return kafkaTopics(env).map((topic, index) => {
    return { ...topic, isTicked: Object.values(TOPICS)[index]?.isTicked ?? false }
  })
}

export async function openedKafka(
  connections: Pick<Connections, 'kafka'>,
): Promise<Seen<{ readonly kafka: Kafka; readonly inspection: ClusterInspection }>> {
  return seenIf(async () => {
    const kafka = await connections.kafka()
    const inspection = new ClusterInspection(kafka)
    try {
      await soon(inspection.metadata([]))
      return { kafka, inspection }
    } catch (error) {
      await inspection.close().catch(() => {})
      throw error
    }
  })
}

async function askedRedis({
  config,
  connections,
}: Pick<Examination, 'config' | 'connections'>): Promise<RedisFacts> {
  const client = await seenIf(() => connections.redis())
  const place = redisPlace(config)
  if ('unseen' in client) return { ...place, servers: client, refused: client }
  return redisFacts(client.seen, place)
}

function redisClocks({ servers }: RedisFacts): Finding[] {
  return 'seen' in servers ? servers.seen.map(redisClockFinding) : []
}

function ownFindings(config: Config): Finding[] {
  return ownProducers().flatMap(producer => producerFindings(producer, config.idWindowMs))
}

async function consumerFindingsOf(
  { config, connections, functions }: Examination,
  kafka: Kafka,
  inspection: ClusterInspection,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const redis = await connections.redis()
  const sources = {
    kafka,
    inspection,
    log: await connections.log(),
    states: new StateInspection(redis),
    breaker: new RedisCircuitBreaker(redis, config.env),
  }
  const facts = await consumerFacts(sources, askedConsumersOf(functions, config.env), topics)
  if (facts.length === 0)
    return [about('consumers', 'lag', config.env).unknown('no topic of a consumer was seen')]
  return [
    ...facts.flatMap(one => consumerFindings(one, Date.now())),
    ...(await deadLettersCounted(connections, config.env, topics)),
  ]
}
