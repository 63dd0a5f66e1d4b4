import { type FetchedMessage, listHeaders } from '@sluice/kafka-records'
import type { LogRecord } from '../../cloudevents/record.ts'

/** A message in the form of the client library. `oversizeBytes` is present only if this project has decoded the message. */
type Message = FetchedMessage & { readonly oversizeBytes?: number | undefined }

/** Converts a message of the library to a log record. */
export function toLogRecord(topic: string, partition: number, message: Message): LogRecord {
  const { oversizeBytes } = message
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: listHeaders(message),
    ...(oversizeBytes === undefined ? {} : { oversizeBytes }),
  }
}
