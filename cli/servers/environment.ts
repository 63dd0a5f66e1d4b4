/** Checks that an environment and its topics exist. An environment exists if Kafka has at least one of its topics. */

import { within } from '#runtime/adapters/within.ts'
import type { KafkaClients } from '#runtime/lambda/kafka-clients.ts'
import type { Config } from '../../lib/app/config.ts'
import { describeKafka } from '../../lib/diagnosis/server-standards.ts'
import { listTopics } from '../../lib/queries/kafka/topic-descriptions.ts'
import { CliFailure } from '../failure.ts'

/** Time to wait for Kafka's list of topics, in milliseconds. A command that does not need Kafka is not delayed for longer. */
const LIST_WITHIN_MS = 3_000

type Topics = readonly { readonly topic: string }[]

/** Checks that the environment exists. If Kafka does not answer, the command continues, because it may not need Kafka. @throws CliFailure */
export async function requireEnvironment(
  { kafka }: Pick<KafkaClients, 'kafka'>,
  config: Config,
): Promise<void> {
  const listed = within(LIST_WITHIN_MS, kafka().then(listTopics), () => new Error('no answer'))
  const topics = await listed.catch(() => undefined)
  const failure = topics && environmentFailure(topics, config)
  if (failure) throw failure
}

/** Returns the failure for an environment that does not exist; undefined if it exists. @param topics topics of Kafka */
export function environmentFailure(topics: Topics, config: Config): CliFailure | undefined {
  const { env } = config
  const found = config.names.listEnvironments(topics.map(({ topic }) => topic))
  if (!found || found.includes(env)) return undefined
  const names = found.map(name => `"${name}"`).join(', ')
  const others = names && ` It has topics of ${names}: choose with --env, or set SLUICE_ENV.`
  return new CliFailure(
    `Kafka at ${describeKafka(config).address} has no topics of the environment "${env}".${others} \`sluice topics apply --env ${env}\` creates them.`,
  )
}

/**
 * Returns the failure for a topic that Kafka does not have.
 *
 * @param topics topics of Kafka; absent if the environment is known to exist
 */
export function missingTopicFailure(topic: string, config: Config, topics?: Topics): CliFailure {
  const isOfEnvironment = Object.values(config.names.topicNames(config.env)).includes(topic)
  const failure = topics && isOfEnvironment ? environmentFailure(topics, config) : undefined
  if (failure) return failure
  return new CliFailure(
    `Kafka at ${describeKafka(config).address} has no topic ${topic}. \`sluice topics list\` lists all topics, and \`sluice topics apply\` creates those of an environment; check --env and SLUICE_ENV.`,
  )
}
