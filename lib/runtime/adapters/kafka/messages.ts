import { type FetchedMessage, headersOf } from '@sluice/kafka-records'
import type { LogRecord } from '../../cloudevents/record.ts'

/** A message of the library. Fields that the library does not know are set only where our own code decoded the message. */
type Message = FetchedMessage & { readonly oversizeBytes?: number | undefined }

/**
 * A message of the library as a record of the log. A header that is null in Kafka has no bytes, as in the event that a function
 * gets.
 */
export function logRecordOf(topic: string, partition: number, message: Message): LogRecord {
  const { oversizeBytes } = message
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: headersOf(message).map(([name, bytes]) => [name, bytes ?? NO_BYTES]),
    ...(oversizeBytes === undefined ? {} : { oversizeBytes }),
  }
}

const NO_BYTES = Buffer.alloc(0)
