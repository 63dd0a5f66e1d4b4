/** Compares a running environment with the tables and settings of Sluice. */

import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { ClusterInspection } from '#runtime/adapters/kafka/cluster-inspection.ts'
import { RedisCircuitBreaker } from '#runtime/adapters/redis/circuit-breaker.ts'
import { StateInspection } from '#runtime/adapters/redis/inspection.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Config } from '../app/config.ts'
import { deadLetterSource } from '../app/dead-letter-source.ts'
import { topicsRead, writesSegments } from '../app/functions.ts'
import { kafkaTopics, type Signal, TOPICS, topicName } from '../app/topics.ts'
import { DeadLetters } from '../queries/dead-letters/dead-letters.ts'
import { type AskedConsumer, consumerFacts } from './ask-consumers.ts'
import { clusterFacts, topicFacts } from './ask-kafka.ts'
import { redisFacts } from './ask-redis.ts'
import { brokersClockFinding, tickFindings } from './checks/clocks.ts'
import { consumerFindings, deadLettersFindings } from './checks/consumers.ts'
import { kafkaFindings } from './checks/kafka.ts'
import { producerFindings } from './checks/producers.ts'
import { redisFindings } from './checks/redis.ts'
import { topicFindings } from './checks/topics.ts'
import type { RedisFacts, Standards, TopicFacts } from './facts.ts'
import { type Area, type Finding, finding, type Observed, unknown } from './finding.ts'
import { kafkaPlace, redisPlace, standardsFor } from './places.ts'
import { seenIf, soon } from './seen.ts'

/** Function in the list of functions, reduced to the fields that the examination needs. */
interface ExaminedFunction {
  readonly name: string
  readonly consumes: readonly Signal[]
  readonly uses: readonly string[]
  readonly reading: { readonly batchSize: number; readonly maximumBatchingWindow: number }
}

interface Examination {
  readonly config: Config
  readonly connections: Connections
  readonly functions: readonly ExaminedFunction[]
  /** True if the function `clock` is enabled. */
  readonly ticks: boolean
  /** True to apply the requirements for an AWS account, even to local servers. */
  readonly asAccount: boolean
}

/** Timeout for counting dead letters, in milliseconds. An incomplete count is reported as such. */
const MAX_COUNT_MS = 5_000

/**
 * Runs all checks and returns their findings. A server that does not answer results in a finding, and facts that depend on it are
 * reported as unknown.
 */
export async function examined(examination: Examination): Promise<Finding[]> {
  const { config, connections, ticks, asAccount } = examination
  const redis = await askedRedis(examination)
  const opened = await openedKafka(connections)
  const serversOf = (cluster: Parameters<typeof kafkaFindings>[0]['cluster'], standards: Standards) => [
    ...kafkaFindings({ ...kafkaPlace(config), cluster }, standards),
    ...redisFindings(redis, standards),
  ]
  if ('unseen' in opened) {
    const notSeen = (area: Area, check: string) =>
      finding(area, check, config.env, unknown('Kafka could not be checked'))
    return [
      ...serversOf(opened, standardsFor(config, asAccount, 1)),
      notSeen('topics', 'exists'),
      notSeen('consumers', 'lag'),
    ]
  }
  const { kafka, inspection } = opened.seen
  try {
    const cluster = await seenIf(() => clusterFacts(kafka, inspection))
    const standards = standardsFor(config, asAccount, 'seen' in cluster ? cluster.seen.brokers.length : 1)
    const topics = await topicFacts(kafka, inspection, wantedTopics(config.env))
    return [
      ...serversOf(cluster, standards),
      brokersClockFinding(topics, Date.now()),
      ...topics.flatMap(topic => tickFindings(topic, Date.now(), ticks)),
      ...topics.flatMap(topic => topicFindings(topic, standards)),
      ...topics.slice(0, 1).flatMap(topic => producerFindings(topic, config.idWindowMs)),
      ...(await consumerFindingsOf(examination, kafka, inspection, topics)),
    ]
  } finally {
    await inspection.close()
  }
}

/** Returns the topics in the topic table. Readings are first, because external producers write them. */
function wantedTopics(env: string): TopicFacts['wanted'][] {
  return kafkaTopics(env).map((topic, index) => {
    return { ...topic, isTicked: Object.values(TOPICS)[index]?.isTicked ?? false }
  })
}

async function openedKafka(
  connections: Pick<Connections, 'kafka'>,
): Promise<Observed<{ readonly kafka: Kafka; readonly inspection: ClusterInspection }>> {
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

async function askedRedis({ config, connections }: Examination): Promise<RedisFacts> {
  const client = await seenIf(() => connections.redis())
  const place = redisPlace(config)
  return 'unseen' in client ? { ...place, servers: client, refused: client } : redisFacts(client.seen, place)
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
  const facts = await consumerFacts(sources, askedConsumers(functions, config.env), topics)
  if (facts.length === 0)
    return [finding('consumers', 'lag', config.env, unknown('no topic of a consumer could be checked'))]
  return [
    ...facts.flatMap(one => consumerFindings(one, Date.now())),
    ...(await deadLettersCounted(connections, config.env, topics)),
  ]
}

function askedConsumers(functions: readonly ExaminedFunction[], env: string): AskedConsumer[] {
  return functions.flatMap(({ name, consumes, uses, reading }) =>
    topicsRead({ name, consumes, foreignTopics: [] }, env).map(({ group, topic }) => ({
      function: name,
      group,
      topic,
      batchSize: reading.batchSize,
      windowMs: reading.maximumBatchingWindow * 1_000,
      writesSegments: writesSegments({ uses }),
    })),
  )
}

/** Counts the open dead letters, until the timeout. */
async function deadLettersCounted(
  connections: Connections,
  env: string,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const topic = topicName('dlq', env)
  const facts = topics.find(one => one.topic === topic)
  if (!facts || 'unseen' in facts.found || !facts.found.seen) return []
  const untilMs = Date.now() + MAX_COUNT_MS
  const counted = await seenIf(async () => {
    const letters = new DeadLetters(await deadLetterSource(connections, env))
    const { rows, left, oldestMs, pending } = await letters.look(() => Date.now() < untilMs)
    return { open: rows.filter(({ handled }) => !handled).length + left, oldestMs, pending }
  })
  return deadLettersFindings(topic, facts.wanted.keptDays, counted, Date.now())
}
