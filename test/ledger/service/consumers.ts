/** The handlers: the project's runtime, unchanged. */
import { kafkaConsumer } from '../../../lib/app/handlers/kafka-consumer.ts'
import * as processes from './processes.ts'

export { handler as intake } from '../../../functions/intake/handler.ts'
export const counting = kafkaConsumer('counting', processes.counting)
export const receiving = kafkaConsumer('receiving', processes.receiving)
