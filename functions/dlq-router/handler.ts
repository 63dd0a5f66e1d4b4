/**
 * Sends failures into the retry topics or to the dead letters. A failure that it cannot read goes to the dlq, never back to failures.
 */
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { GENERAL } from '../../lib/app/settings/index.ts'
import { signalNamed } from '../../lib/app/topics.ts'
import { DEFAULT_POLICY } from '../../lib/failures/policy.ts'
import { failureRouter } from '../../lib/failures/process.ts'

export const handler = kafkaConsumer(
  'dlq-router',
  ({ env }) => failureRouter({ policy: DEFAULT_POLICY, topicOf: topic => signalNamed(topic, env) }),
  { slices: [GENERAL], failuresTo: 'dlq' },
)
