/** For functions whose handler is their own: clients of Kafka, opened at their first use, which answers are worth a retry, and logs. */
export { brokersAnswer, isRetriableAnswer } from '../../adapters/kafka/availability.ts'
export { createTelemetry, logsContext } from '../../adapters/lambda/telemetry.ts'
export { KafkaClients } from '../../lambda/kafka-clients.ts'
