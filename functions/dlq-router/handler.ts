/** Turns failures into dead letters. A failure that it cannot read also goes to the dlq, never back to failures. */

import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { failureRouter } from '../../lib/failures/process.ts'

export const handler = kafkaConsumer('dlq-router', failureRouter, { failuresTo: 'dlq' })
