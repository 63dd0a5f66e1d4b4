/** `npx @sluice/runtime topics MODULE`: creates the topics of an application. Repeating the command changes nothing. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { replicationOn } from '@sluice/kafka-records/replication'
import type { TopicComparison } from '../adapters/kafka/application-topics.ts'
import type { Kafka } from '../adapters/kafka/client.ts'
import type { KafkaTopic } from '../adapters/kafka/topic-configuration.ts'
import type { Application } from '../consumer/application.ts'
import { ConfigError } from '../consumer/author-errors.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import { readSettings } from '../settings/read-settings.ts'
import { KafkaClients } from './kafka-clients.ts'

/**
 * Creates missing topics, and compares existing topics with their definitions. An existing topic is never changed, because with a
 * different number of partitions, entities would be separated from their states.
 *
 * @param path path of a module that exports the application, or one of its processes or handlers
 * @param print function that is called with each line of the output
 * @throws ConfigError if the module exports no application, or if a setting is missing or invalid; Unavailable if Kafka is
 * temporarily unavailable
 */
export async function createTopics(path: string, print: (line: string) => void): Promise<void> {
  const application = findApplication(path, await import(pathToFileURL(resolve(path)).href))
  const config = readSettings([generalSettings(application.name), KAFKA])
  const connections = new KafkaClients(config, `${application.name}-topics`)
  try {
    const kafka = await connections.kafka()
    for (const line of await createMissingTopics(kafka, listApplicationTopics(application, config.env)))
      print(line)
  } finally {
    await connections.close()
  }
}

/** Returns the application that a module exports, either directly or through one of its processes or handlers. */
function findApplication(path: string, exported: Readonly<Record<string, unknown>>): Application {
  const values = Object.values(exported) as (Partial<Application> & { application?: Application })[]
  for (const value of values) {
    if (value?.application?.topics) return value.application
    if (value?.topics && value.kafkaTopic) return value as Application
  }
  throw new ConfigError(path, ['it does not export an application, or a process or handler of one'])
}

/**
 * Returns the topics of an application as they should be in Kafka. The broker sets the timestamps of topics with ticks, because
 * timers and plain records depend on these timestamps.
 */
export function listApplicationTopics(
  { topics, kafkaTopic }: Application,
  env: string,
): readonly KafkaTopic[] {
  return Object.entries(topics).map(([name, settings]) => ({
    ...settings,
    name: kafkaTopic(name as TopicName, env),
    timestamps: settings.isTicked === false ? 'CreateTime' : 'LogAppendTime',
  }))
}

async function createMissingTopics(kafka: Kafka, topics: readonly KafkaTopic[]): Promise<readonly string[]> {
  const [{ compareTopics }, { topicConfiguration }, { brokerCount, createTopic }] = await Promise.all([
    import('../adapters/kafka/application-topics.ts'),
    import('../adapters/kafka/topic-configuration.ts'),
    import('../adapters/kafka/topic-admin.ts'),
  ])
  const replication = replicationOn(await brokerCount(kafka))
  const compared = await compareTopics(kafka, { topics, replication })
  for (const topic of topics.filter(({ name }) => compared.missing.includes(name))) {
    const settings = Object.fromEntries(
      topicConfiguration(topic, replication).map(({ name, value }) => [name, value ?? '']),
    )
    const { name, partitions } = topic
    await createTopic(kafka, { topic: name, partitions, replicationFactor: replication.factor, settings })
  }
  return formatTopicLines(topics, compared)
}

/** Returns one line for each topic, and one line for each setting that differs from the topic's definition. */
export function formatTopicLines(
  topics: readonly KafkaTopic[],
  compared: TopicComparison,
): readonly string[] {
  return topics.flatMap(({ name, partitions, timestamps }) => {
    if (compared.missing.includes(name)) return [`created  ${name}: ${partitions} partitions, ${timestamps}`]
    const differences = compared.differences.filter(({ topic }) => topic === name)
    if (differences.length === 0) return [`exists   ${name}`]
    return differences.map(
      ({ setting, wanted, found }) => `differs  ${name}: ${setting} is ${found}, and should be ${wanted}`,
    )
  })
}
