import { type FetchedMessage, headersOf } from '@sluice/kafka-records'
import type { LogRecord } from '../../cloudevents/record.ts'

/** A message of the library. Some fields are present only if this project has decoded it. */
type Message = FetchedMessage & { readonly oversizeBytes?: number | undefined }

/** Converts a message of the library to a record of the log. A null header becomes an empty one, as in the event of a function. */
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
