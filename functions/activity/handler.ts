/** Publishes events about sensors, devices and databases: silence, activity changes, falls, and restarts. */
import { createActivity } from '../../lib/activity/process.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'

export const handler = kafkaConsumer('activity', ({ families }) => createActivity(families))
