/** Plans the topic changes of a deployment, without changing anything. */
import type { Config } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import type { Observed } from '../../lib/diagnosis/finding.ts'
import { seenIf, soon } from '../../lib/diagnosis/seen.ts'
import type { TopicPlan } from '../../lib/operations/topic-plan.ts'
import { plannedTopics } from '../../lib/operations/topics/planned.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { readersOf } from '../topics-resource.ts'

/** Plans the topic changes of a deployment. @param patienceMs time limit for Kafka, in milliseconds */
export async function deploymentPlan(
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
