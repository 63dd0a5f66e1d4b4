/** What a deployment will do about topics, by the plan that it makes itself. */
import type { Config } from '../../lib/app/config.ts'
import type { Seen } from '../../lib/diagnosis/finding.ts'
import { seenIf, soon } from '../../lib/diagnosis/seen.ts'
import type { TopicPlan } from '../../lib/operations/topic-plan.ts'
import { plannedTopics } from '../../lib/operations/topics/planned.ts'
import { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import type { Connections } from '../../lib/runtime/lambda/connections.ts'
import { readFunctions } from '../functions.ts'
import { readersOf } from '../topics-resource.ts'

/** @param patienceMs how long Kafka may take, in milliseconds */
export async function deploymentPlan(
  config: Pick<Config, 'env' | 'kafka'>,
  connections: Pick<Connections, 'kafka'>,
  patienceMs?: number,
): Promise<Seen<TopicPlan>> {
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
