/** Maintains rolling statistics of each entity and metric, and publishes a summary per entity and minute. */
import { createStatistics } from '../../lib/analytics/processor.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'

export const handler = kafkaConsumer('processor', ({ families }) => createStatistics(families))
