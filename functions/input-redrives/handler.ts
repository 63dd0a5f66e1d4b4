/** Appends the events of failed records of inputs once they are redriven, as `intake` does with the records of the inputs. */
import { intakeConsumer } from '../../lib/app/handlers/intake-consumer.ts'

export const handler = intakeConsumer()
