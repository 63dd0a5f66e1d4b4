/** What tests and benchmarks of the application need of the inside of the engine, with the client of Kafka. */
export { isRetriableAnswer } from '../../adapters/kafka/availability.ts'
export { toLogRecord } from '../../adapters/kafka/log-reader.ts'
export { KafkaPublisher } from '../../producer/publisher.ts'
