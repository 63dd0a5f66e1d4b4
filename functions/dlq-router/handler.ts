/** Turns failures into dead letters. What it cannot read itself goes to the dead letters too: never back to failures. */
import { failureRouter } from '../../lib/domain/failure/process.ts'
import { kafkaConsumer } from '../../lib/runtime.ts'

export const handler = kafkaConsumer('dlq-router', failureRouter, { failuresTo: 'dlq' })
