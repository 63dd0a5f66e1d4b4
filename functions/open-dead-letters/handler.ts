/** Maintains the open dead letters of each partition of the dlq topic, for inspection and redrives. */
import { DLQ_READING, OPEN_LETTERS } from '../../lib/app/open-dead-letters.ts'
import { kafkaHandler } from '../../packages/runtime/lambda/kafka-handler.ts'

export const handler = kafkaHandler(DLQ_READING, OPEN_LETTERS.name, OPEN_LETTERS)
