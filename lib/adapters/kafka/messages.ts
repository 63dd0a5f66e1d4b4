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

/** The library groups headers by name; the order among different names is not kept. */
function headersOf(headers: IHeaders): RecordHeader<Buffer>[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): RecordHeader<Buffer> => [name, Buffer.from(value)]),
  )
}
