/** Publishes what happened to sensors, devices and databases: silence, changed activities, falls, restarts. */
import { activity } from '../../lib/domain/activity/process.ts'
import { kafkaConsumer } from '../../lib/runtime.ts'

export const handler = kafkaConsumer('activity', activity)
