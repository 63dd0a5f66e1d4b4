/**
 * Sends failure records to the retry topics or to the dlq. A failure record that cannot be decoded is sent to the dlq, never back
 * to `failures`.
 */
import { DLQ_ROUTER_SLICES, dlqRouter } from '../../lib/app/dlq-router.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'

export const handler = kafkaConsumer('dlq-router', dlqRouter, {
  slices: DLQ_ROUTER_SLICES,
  failuresTo: 'dlq',
})
