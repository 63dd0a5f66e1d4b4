/** For functions with a consumer: the handler, and what reads and writes the data of its events. */
export { configureDataReader } from '../../lambda/configured-reader.ts'
export type { Choices, KafkaHandler, WorkSource } from '../../lambda/handler-types.ts'
export { kafkaHandler } from '../../lambda/kafka-handler.ts'
