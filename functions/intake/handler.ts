/** Appends the event of each record in the topics of other applications to `readings`, or to `events`. */
import { intakeConsumer } from '../../lib/app/handlers/intake-consumer.ts'

export const handler = intakeConsumer()
