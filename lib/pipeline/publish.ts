/** Step 6: what the outbox holds, in its order, to Kafka; failures leave the same way as emissions. */
import { type OutgoingRecord, sizeOf } from '../cloudevents/record.ts'
import { type ContentMode, writeEvent } from '../cloudevents/writer.ts'
import type { Key } from '../domain/process.ts'
import { TOPICS, topicName } from '../domain/topics.ts'
import type { Consumer } from './consumer.ts'
import type { OutboxEntry, Publisher } from './ports.ts'

/** Publishes entries of the outbox; when it resolves, all replicas have them. */
export async function publish(
  publisher: Publisher,
  { env, contentMode }: Pick<Consumer, 'env' | 'contentMode'>,
  entries: readonly OutboxEntry[],
): Promise<void> {
  const records = entries.map(entry => ({
    ...toRecord(entry, contentMode),
    topic: topicName(entry.to, env),
  }))
  await publisher.publish(records)
}

/** Whether the entry's record is one that its topic takes; one that is not would block its partition for ever. */
export function fitsItsTopic(entry: OutboxEntry): boolean {
  // Counted as headers, attributes take more room than as members of a JSON object: this holds for both modes.
  return sizeOf(toRecord(entry, 'binary')) <= TOPICS[entry.to].maxMessageBytes
}

function toRecord({ key, event }: OutboxEntry, mode: ContentMode): Omit<OutgoingRecord, 'topic'> {
  return { key: keyBytes(key), ...writeEvent(event, mode) }
}

function keyBytes(key: Key): Buffer | null {
  if (key === null) return null
  return typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.base64, 'base64')
}
