/** Records of topics in the form that Lambda passes to a function. */
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { kafkaEvent } from '../../test/support/records.ts'

/** The largest event, in bytes of JSON. Rule 1 of Lambda's Kafka trigger. */
const PAYLOAD_BYTES = 6 * 1024 * 1024

/** An event as JSON text, and how many records it has. */
interface Batch {
  readonly text: string
  readonly records: number
}

/** All records of a topic in batches of at most this size, each of one partition as after a backlog. */
export async function batchesOf(broker: string, topic: string, size: number): Promise<Batch[]> {
  const kafka = kafkaClient({ brokers: [broker], clientId: 'bench', auth: 'none' })
  const [offsets, log] = [new TopicOffsets(kafka), new KafkaLogReader(kafka)]
  try {
    const batches: Batch[] = []
    for (const [partition, { start, end }] of (await offsets.bounds(topic)).entries()) {
      const records: LogRecord[] = []
      for (let fromOffset = start; fromOffset < end; ) {
        const read = await log.read(topic, partition, { fromOffset, toOffset: end - 1 })
        records.push(...read.records)
        fromOffset = read.nextOffset
      }
      for (let at = 0; at < records.length; at += size) batches.push(...cut(records.slice(at, at + size)))
    }
    return batches
  } finally {
    await Promise.all([offsets.close(), log.close()])
  }
}

/** Halves what is larger than an event may be. */
function cut(records: readonly LogRecord[]): Batch[] {
  const text = JSON.stringify({ eventSource: 'aws:kafka', ...kafkaEvent(records) })
  if (text.length <= PAYLOAD_BYTES) return [{ text, records: records.length }]
  if (records.length === 1) return []
  const half = Math.ceil(records.length / 2)
  return [...cut(records.slice(0, half)), ...cut(records.slice(half))]
}
