/** Keeps rolling statistics of every entity and metric, and publishes a summary per entity and minute. */
import { statistics } from '../../lib/domain/analytics/process.ts'
import { kafkaConsumer } from '../../lib/runtime.ts'

export const handler = kafkaConsumer('processor', statistics)
