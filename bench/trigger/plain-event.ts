import type { KafkaMessage } from 'kafkajs'
import type { LambdaEvent, LambdaRecord } from '../../packages/msk-trigger/invoke/event.ts'

/** The event that a bare consumer builds for the handler: records of one partition, as objects. */
export function plainEvent(
  topic: string,
  partition: number,
  messages: readonly KafkaMessage[],
  brokers: string,
): LambdaEvent {
  const records = messages.map(message => plainRecord(topic, partition, message))
  return {
    eventSource: 'SelfManagedKafka',
    bootstrapServers: brokers,
    records: { [`${topic}-${partition}`]: records },
  }
}

function plainRecord(topic: string, partition: number, message: KafkaMessage): LambdaRecord {
  const record: { -readonly [K in keyof LambdaRecord]: LambdaRecord[K] } = {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    timestampType: 'CREATE_TIME',
    headers: Object.entries(message.headers ?? {}).map(([name, bytes]) => ({
      [name]: [...Buffer.from(String(bytes))],
    })),
  }
  if (message.key) record.key = message.key.toString('base64')
  if (message.value) record.value = message.value.toString('base64')
  return record
}
