/** Step 6: what the outbox holds, in its order, to Kafka; failures leave the same way as emissions. */
import { type OutgoingRecord, sizeOf } from '../cloudevents/record.ts'
import { writeEvent } from '../cloudevents/writer.ts'
import type { Key } from '../domain/process.ts'
import { TOPICS, topicName } from '../domain/topics.ts'
import type { OutboxEntry, Publisher } from './ports.ts'

/** Publishes entries of the outbox; when it resolves, all replicas have them. */
export async function publish(
  publisher: Publisher,
  env: string,
  entries: readonly OutboxEntry[],
): Promise<void> {
  await publisher.publish(entries.map(entry => ({ ...toRecord(entry), topic: topicName(entry.to, env) })))
}

/** Whether the entry's record is one that its topic takes; one that is not would block its partition for ever. */
export function fitsItsTopic(entry: OutboxEntry): boolean {
  return sizeOf(toRecord(entry)) <= TOPICS[entry.to].maxMessageBytes
}

function toRecord({ key, event }: OutboxEntry): Omit<OutgoingRecord, 'topic'> {
  return { key: keyBytes(key), ...writeEvent(event) }
}

function keyBytes(key: Key): Buffer | null {
  if (key === null) return null
  return typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.base64, 'base64')
}
