/** Checks the servers of a deployment, if they can be reached from this machine. */
import { type Config, readConfig } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import type { Environment } from '../../lib/app/settings/index.ts'
import {
  type DeploymentRefusals,
  deploymentRefusals,
  kafkaVariable,
  PATIENCE_MS,
} from '../../lib/diagnosis/deployment.ts'
import type { Observed } from '../../lib/diagnosis/finding.ts'
import { seenIf, soon } from '../../lib/diagnosis/seen.ts'
import { ABOUT_REFUSED, type TopicPlan } from '../../lib/operations/topic-plan.ts'
import { plannedTopics } from '../../lib/operations/topics/planned.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { ConfigError } from '../../packages/runtime/settings/config-error.ts'
import { readersOf } from '../topics-resource.ts'

/**
 * Checks Redis and Kafka over the network, without changing anything.
 *
 * @param variables valid environment variables of the functions
 * @param changesTopics true if the deployment creates or updates topics
 * @param patienceMs time limit in milliseconds. It applies separately to Redis, to the topics and to the plan of topic changes.
 */
export async function serverProblems(
  variables: Environment,
  changesTopics: boolean,
  patienceMs = PATIENCE_MS,
): Promise<DeploymentRefusals> {
  const opening = opened(variables)
  if (!opening) return { problems: [], unseen: [] }
  const { config, connections } = opening
  try {
    const found = await deploymentRefusals(config, connections, patienceMs)
    const variable = kafkaVariable(config)
    const isSeen = !found.unseen.some(line => line.startsWith(`${variable}:`))
    return changesTopics && isSeen
      ? withPlan(found, variable, await deploymentPlan(config, connections, patienceMs))
      : found
  } finally {
    // Ignore errors, because connections to unreachable servers may still be opening.
    await connections.close().catch(() => {})
  }
}

/** Adds an error for each topic change that would be rejected during the deployment. */
function withPlan(
  { problems, unseen }: DeploymentRefusals,
  variable: string,
  plan: Observed<TopicPlan>,
): DeploymentRefusals {
  if ('unseen' in plan) {
    const why = `${variable}: the changes of its topics cannot be planned from this machine (${plan.unseen}).`
    return { problems, unseen: [...unseen, why] }
  }
  // A wrong timestamp type has already been reported separately.
  const refused = plan.seen.refused.filter(({ setting }) => setting !== 'message.timestamp.type')
  const sentences = refused.map(
    ({ topic, setting, found, wanted, because }) =>
      `${variable}: ${topic}: ${setting} ${found} → ${wanted}: ${because}. ${ABOUT_REFUSED}.`,
  )
  return { problems: [...problems, ...sentences], unseen }
}

/** Returns undefined if the settings are invalid. Another check reports the errors. */
function opened(variables: Environment) {
  try {
    const config = readConfig(variables)
    return { config, connections: new Connections(config, 'sluice-deployment') }
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

/** Plans the topic changes of a deployment. @param patienceMs time limit for Kafka, in milliseconds */
async function deploymentPlan(
  config: Pick<Config, 'env' | 'kafka'>,
  connections: Pick<Connections, 'kafka'>,
  patienceMs?: number,
): Promise<Observed<TopicPlan>> {
  return seenIf(() => soon(planned(config, connections), patienceMs))
}

async function planned(
  { env, kafka: { clusterArn } }: Pick<Config, 'env' | 'kafka'>,
  connections: Pick<Connections, 'kafka'>,
): Promise<TopicPlan> {
  const functions = readFunctions()
  const kafka = await connections.kafka()
  const offsets = new TopicOffsets(kafka)
  try {
    const { plan } = await plannedTopics({
      kafka,
      offsets,
      env,
      readersOf: signal => readersOf(functions, signal),
      ...(clusterArn ? { clusterArn } : {}),
    })
    return plan
  } finally {
    await offsets.close()
  }
}
