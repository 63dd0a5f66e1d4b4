import { randomUUID } from 'node:crypto'
import type { IHeaders, Kafka } from 'kafkajs'
import type { LogRecord, RecordHeader } from '../../cloudevents/record.ts'

/** A reader of what comes from now on. */
export interface Tail {
  stop(): Promise<void>
}

/**
 * Follows topics for people: from their present ends, committing nothing, in a group of its own that leaves no trace.
 * Resolves once every partition is assigned, so that nothing published afterwards is missed.
 */
export async function tail(
  kafka: Kafka,
  topics: readonly string[],
  onRecord: (record: LogRecord) => void,
): Promise<Tail> {
  const consumer = kafka.consumer({ groupId: `sluice-tail-${randomUUID()}`, maxWaitTimeInMs: 500 })
  const joined = new Promise<void>(resolve => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve())
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: false })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) =>
      onRecord({
        topic,
        partition,
        offset: Number(message.offset),
        timestampMs: Number(message.timestamp),
        key: message.key,
        value: message.value,
        headers: headersOf(message.headers ?? {}),
      }),
  })
  await joined
  return { stop: () => consumer.disconnect() }
}

/** The library groups headers by name; the order among different names is not kept. */
function headersOf(headers: IHeaders): RecordHeader[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values ?? []].flat().map((value): RecordHeader => [name, Buffer.from(value)]),
  )
}
