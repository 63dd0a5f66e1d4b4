import { readEveryCodec, readRecordsOf, restIdleConnections } from '@sluice/kafka-records'
import kafkajs, { Kafka, type KafkaConfig, logLevel } from 'kafkajs'

export type Connect = (clientId: string) => Kafka

/** Returns what creates clients of these brokers. @param options how they reach the brokers and sign in there */
export function clientsOf(brokers: readonly string[], options: Partial<KafkaConfig>): Connect {
  readEveryCodec(kafkajs.CompressionCodecs)
  restIdleConnections()
  return clientId => {
    const kafka = new Kafka({
      clientId,
      brokers: [...brokers],
      // kafkajs logs nothing: the source itself logs what keeps it from reading.
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      ...options,
      // A broker that does not answer is reported within a second or two; the sources keep retrying.
      retry: { retries: 2 },
    })
    readRecordsOf(kafka)
    return kafka
  }
}
