/** Compares a running environment with the tables and settings of Sluice. */

import { isFailure, readEvent } from '#runtime/cloudevents'
import type { Connections } from '#runtime/functions/connections'
import { ClusterInspection, type Kafka, resolveKafkaAccess } from '#runtime/operating/kafka'
import { RedisCircuitBreaker, StateInspection } from '#runtime/operating/states'
import type { LogReader } from '#runtime/pipeline'
import { deadLetterSource } from '../../lib/app/connections/dead-letter-source.ts'
import { resolveInputs } from '../../lib/app/inputs/inputs.ts'
import { loadAllInputs } from '../../lib/app/inputs/loaded-inputs.ts'
import type { Named } from '../../lib/app/naming/names.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { MERGED_READINGS_ADVICE } from '../../lib/intake/merged-keys.ts'
import { readInputRecord } from '../../lib/intake/read-record.ts'
import { DeadLetters } from '../../lib/log/dead-letters.ts'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import type { Config } from '../environment/config.ts'
import type { InputSelection } from '../environment/functions.ts'
import { listTriggerTopics, writesRows, writesSegments } from '../environment/functions.ts'
import { describeUnended, findUnended, readAudits } from '../queries/records/unended-operations.ts'
import {
  findUnknownTypes,
  listKeyedReadings,
  listTimedReadings,
  readNewest,
} from '../queries/records/unknown-types.ts'
import { checkCertificate } from './checks/certificates.ts'
import { checkConsumer, checkDeadLetters } from './checks/consumers.ts'
import { checkKafka } from './checks/kafka.ts'
import { checkProducers, checkTypes } from './checks/producers.ts'
import { checkRedis } from './checks/redis.ts'
import { checkEntities, checkInput, checkTopic } from './checks/topics.ts'
import { checkClocks, describeClocks } from './clocks.ts'
import type { ClusterFacts, ReadTopicFacts, RedisFacts, Standards, TopicFacts } from './facts.ts'
import {
  type Area,
  createFinding,
  type Finding,
  type Judgement,
  type Observed,
  open,
  unknown,
} from './finding.ts'
import { type ClientCertificate, gatherCertificates } from './gather-certificates.ts'
import { gatherConsumerFacts, type ListedConsumer } from './gather-consumers.ts'
import { gatherClusterFacts, gatherLayouts, gatherTopicFacts } from './gather-kafka.ts'
import { gatherRedisFacts } from './gather-redis.ts'
import { observe, withTimeout } from './observe.ts'
import { describeKafka, describeRedis, resolveStandards } from './server-standards.ts'
import { examineTransactions } from './transactions.ts'

/** Function in the list of functions, reduced to the fields that the examination needs. */
interface ExaminedFunction {
  readonly name: string
  readonly consumes: readonly Signal[]
  /** Inputs that the function reads. */
  readonly inputs?: InputSelection
  readonly uses: readonly string[]
  readonly reading: { readonly batchSize: number; readonly maximumBatchingWindow: number }
}

interface Examination {
  readonly config: Config
  readonly connections: Connections
  readonly functions: readonly ExaminedFunction[]
  /** True to apply the requirements for an AWS account, even to local servers. */
  readonly asAccount: boolean
}

/** Timeout for counting dead letters, in milliseconds. An incomplete count is reported as such. */
const MAX_COUNT_MS = 5_000

/**
 * Runs all checks and returns their findings. A server that does not answer results in a finding, and facts that depend on it are
 * reported as unknown.
 */
export async function examineEnvironment(examination: Examination): Promise<Finding[]> {
  const { config, connections, asAccount } = examination
  const consumers = listConsumers(examination)
  const redis = await examineRedis(examination, consumers)
  const opened = await openKafka(connections)
  const checkServers = (cluster: Parameters<typeof checkKafka>[0]['cluster'], standards: Standards) => [
    ...checkKafka({ ...describeKafka(config), cluster }, standards),
    ...checkRedis(redis, standards),
  ]
  if ('unseen' in opened) {
    const reportUnseen = (area: Area, check: string) =>
      createFinding(area, check, config.env, unknown('Kafka could not be checked'))
    return [
      ...checkServers(opened, resolveStandards(config, asAccount, 1)),
      ...(await examineCertificates(config, opened, redis)),
      reportUnseen('topics', 'exists'),
      reportUnseen('consumers', 'lag'),
    ]
  }
  const { kafka, inspection } = opened.seen
  try {
    const cluster = await observe(() => gatherClusterFacts(kafka, inspection))
    const standards = resolveStandards(config, asAccount, 'seen' in cluster ? cluster.seen.brokers.length : 1)
    const topics = await gatherTopicFacts(kafka, inspection, listWantedTopics(config))
    const inputs = await gatherLayouts(inspection, listInputTopics(consumers))
    const names = [...topics, ...inputs].map(({ topic }) => topic)
    return [
      ...checkServers(cluster, standards),
      ...(await examineCertificates(config, cluster, redis)),
      ...topics.flatMap(topic => checkTopic(config.names, topic, standards)),
      ...inputs.map(input => checkInput(input, standards)),
      ...(await examineTransactions(inspection, config.env, names)),
      ...(await examineEntities(connections, config)),
      ...topics.slice(0, 1).flatMap(topic => checkProducers(topic, config.idWindowMs)),
      ...(await examineReadings(connections, config, topics.slice(0, 1))),
      ...(await checkConsumers(
        connections,
        config,
        opened.seen,
        consumers,
        [...topics, ...inputs],
        standards,
      )),
      ...(await examineDeadLetters(connections, config, topics)),
      ...(await examineOperations(connections, config, topics)),
    ]
  } finally {
    await inspection.close()
  }
}

/** Returns the topics in the topic table. Readings are first, because external producers write them. */
function listWantedTopics({ env, names }: Named): readonly TopicFacts['wanted'][] {
  return names.kafkaTopics(env)
}

interface OpenedKafka {
  readonly kafka: Kafka
  readonly inspection: ClusterInspection
  readonly log: LogReader
}

async function openKafka(connections: Connections): Promise<Observed<OpenedKafka>> {
  return observe(async () => {
    const [kafka, log] = await Promise.all([connections.kafka(), connections.log()])
    const inspection = new ClusterInspection(kafka)
    try {
      await withTimeout(awaitKafkaAnswer('cluster', inspection.metadata([])))
      return { kafka, inspection, log }
    } catch (error) {
      await inspection.close().catch(() => {})
      throw error
    }
  })
}

async function examineRedis(
  { config, connections }: Examination,
  consumers: readonly ListedConsumer[],
): Promise<RedisFacts> {
  const client = await observe(() => connections.redis())
  const place = describeRedis(config)
  return 'unseen' in client
    ? { ...place, servers: client, refused: client, rebuilds: client }
    : gatherRedisFacts(client.seen, place, consumers)
}

/** Checks how long the certificates of the client and of the servers are valid. A server that does not answer has its own finding. */
async function examineCertificates(
  config: Config,
  cluster: Observed<ClusterFacts>,
  { address, encrypted, servers }: RedisFacts,
): Promise<Finding[]> {
  const check = async (area: Area, addresses: readonly string[], client?: ClientCertificate) =>
    (await gatherCertificates(addresses, client)).map(([subject, shown]) =>
      checkCertificate(area, subject, shown, Date.now()),
    )
  const access = await observe(() => resolveKafkaAccess(config.kafka, 'sluice-doctor'))
  const { brokers, certificate } = 'seen' in access ? access.seen : { brokers: [] }
  const named = 'seen' in cluster ? cluster.seen.brokers.map(broker => broker.address) : brokers
  const nodes = 'seen' in servers ? servers.seen.map(server => server.address) : address.split(',')
  return [
    ...(describeKafka(config).encrypted ? await check('kafka', named, certificate?.()) : []),
    ...(encrypted ? await check('redis', nodes) : []),
  ]
}

async function checkConsumers(
  connections: Connections,
  { env }: Config,
  opened: OpenedKafka,
  consumers: readonly ListedConsumer[],
  topics: readonly ReadTopicFacts[],
  { isLocal }: Standards,
): Promise<Finding[]> {
  const redis = await connections.redis()
  const sources = {
    ...opened,
    states: new StateInspection(redis),
    breaker: new RedisCircuitBreaker(redis, env),
  }
  const facts = await gatherConsumerFacts(sources, consumers, topics)
  // A missing input is a finding of its own.
  if (facts.length === 0 && consumers.some(({ isInput }) => !isInput))
    return [createFinding('consumers', 'lag', env, unknown('no topic of a consumer could be checked'))]
  return facts.flatMap(fact => checkConsumer(fact, Date.now(), isLocal))
}

function listConsumers({ functions, config }: Examination): ListedConsumer[] {
  const inputs = resolveInputs(config).map(({ topic }) => topic)
  const running = functions.filter(entry => config.storageUrl !== undefined || !writesRows(entry))
  return running.flatMap(({ uses, reading, ...declared }) =>
    listTriggerTopics(declared, config, inputs).map(({ function: consumer, group, topic, signal }) => ({
      function: consumer,
      group,
      topic,
      batchSize: reading.batchSize,
      windowMs: reading.maximumBatchingWindow * 1_000,
      writesSegments: writesSegments({ uses }),
      isInput: signal === undefined,
    })),
  )
}

function listInputTopics(consumers: readonly ListedConsumer[]): string[] {
  return consumers.flatMap(({ topic, isInput }) => (isInput ? [topic] : []))
}

/** Looks for entities that get the records of several keys, in the newest records of inputs. */
async function examineEntities(connections: Connections, config: Config): Promise<Finding[]> {
  const mapped = resolveInputs(config).filter(({ as }) => !as)
  const loaded = await observe(() => loadAllInputs(config, mapped))
  // The deployment and the functions report the errors of a file.
  if ('unseen' in loaded) return []
  const { families } = config
  const findings = [...loaded.seen.values()].map(async (input): Promise<Finding[]> => {
    const { topic } = input
    const outcomes = await observe(async () => {
      const [log, offsets] = await Promise.all([connections.log(), connections.bounds()])
      const records = await readNewest(log, topic, await offsets.bounds(topic))
      return records.flatMap(record => {
        const event = readEvent(record)
        const { outcome } = readInputRecord(families, input, record, isFailure(event) ? undefined : event)
        return 'kind' in outcome ? [] : [[record.key, outcome, record.partition] as const]
      })
    })
    // The checks of topics report one that is missing or cannot be read.
    return 'unseen' in outcomes ? [] : checkEntities(topic, outcomes.seen)
  })
  return (await Promise.all(findings)).flat()
}

/** Looks for types that no family has, wrong clocks, and entities of several keys, in the topic of readings if it exists. */
async function examineReadings(
  connections: Connections,
  { families }: Config,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const [facts] = topics
  if (!facts || 'unseen' in facts.found || !facts.found.seen) return []
  const { topic } = facts
  const found = await observe(async () => {
    const [log, offsets] = await Promise.all([connections.log(), connections.bounds()])
    return readNewest(log, topic, await offsets.bounds(topic))
  })
  if ('unseen' in found) return checkTypes(topic, found)
  return [
    ...checkTypes(topic, { seen: findUnknownTypes(families, topic, found.seen) }),
    ...checkClocks(topic, describeClocks(listTimedReadings(families, found.seen), Date.now())),
    ...checkEntities(topic, listKeyedReadings(families, found.seen), MERGED_READINGS_ADVICE),
  ]
}

/** Looks for operations that have begun and not ended, in the topic of audit events if it exists. */
async function examineOperations(
  connections: Connections,
  { names, env }: Config,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const topic = names.topicName('events', env)
  const facts = topics.find(topicFacts => topicFacts.topic === topic)
  if (!facts || 'unseen' in facts.found || !facts.found.seen) return []
  const audits = await observe(() => readAudits(connections, topic, Date.now()))
  const create = (judgement: Judgement | string) => createFinding('operations', 'ended', topic, judgement)
  if ('unseen' in audits) return [create(unknown(audits))]
  const unended = findUnended(audits.seen.audits)
  if (unended.length === 0) return [create('all operations that have begun have ended')]
  return unended.map(audit => create(open(...describeUnended(audit))))
}

/** Counts the open dead letters, until the timeout. */
async function examineDeadLetters(
  connections: Connections,
  config: Config,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const topic = config.names.topicName('dlq', config.env)
  const facts = topics.find(topicFacts => topicFacts.topic === topic)
  if (!facts || 'unseen' in facts.found || !facts.found.seen) return []
  const untilMs = Date.now() + MAX_COUNT_MS
  const counts = await observe(async () => {
    const letters = new DeadLetters(await deadLetterSource(connections, config, Date.now))
    const { rows, left, oldestMs, pending } = await letters.look(() => Date.now() < untilMs)
    const openRows = rows.filter(({ handled }) => !handled)
    const readings = config.names.topicName('readings', config.env)
    const plain = openRows.filter(
      row => row.kind === 'letter' && row.code === 'not-a-cloudevent' && row.topic === readings,
    )
    return {
      open: openRows.length + left,
      plain: { count: plain.length, topic: readings },
      oldestMs,
      pending,
    }
  })
  return checkDeadLetters(topic, facts.wanted.keptDays, counts, Date.now())
}
