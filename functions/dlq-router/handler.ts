/**
 * Sends failure records to the retry topics or to the dlq. A failure record that cannot be decoded is sent to the dlq, never back
 * to `failures`.
 */
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { FAILURES, GENERAL } from '../../lib/app/settings/index.ts'
import { loadPolicy } from '../../lib/failures/adapters/load-policy.ts'
import { dlqRouter } from '../../lib/failures/dlq-router.ts'

export const handler = kafkaConsumer(
  'dlq-router',
  async ({ env, names, failuresDir, failureConsumers }) =>
    dlqRouter({
      policy: await loadPolicy(failuresDir, failureConsumers),
      findTopicName: topic => names.signalNamed(topic, env),
    }),
  { slices: [GENERAL, FAILURES], failuresTo: 'dlq' },
)
