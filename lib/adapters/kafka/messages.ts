import type { IHeaders, KafkaMessage } from 'kafkajs'
import type { LogRecord, RecordHeader } from '../../cloudevents/record.ts'

/** A message of the library as a record of the log. */
export function logRecordOf(topic: string, partition: number, message: KafkaMessage): LogRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: headersOf(message.headers ?? {}),
  }
}

/**
 * The library groups headers by name; the order among different names is not kept. A header that is null in Kafka has no bytes,
 * as in the event that a function gets.
 */
function headersOf(headers: IHeaders): RecordHeader<Buffer>[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    // Its types know no null, but it hands one over as it finds it, also among several values.
    [values].flat().map((value): RecordHeader<Buffer> => [name, Buffer.from(value ?? '')]),
  )
}
