/** Step 6: what the outbox holds, in its order, to Kafka; failures leave the same way as emissions. */
import { type OutgoingRecord, sizeOf } from '../cloudevents/record.ts'
import { type ContentMode, writeEvent } from '../cloudevents/writer.ts'
import type { Key } from '../domain/process.ts'
import { TOPICS, topicName } from '../domain/topics.ts'
import type { Consumer } from './consumer.ts'
import { type OutboxEntry, type Publisher, RecordRefused } from './ports.ts'

/** Entries that Kafka will never take, and what it said of the first. */
export interface Refusals {
  readonly entries: readonly OutboxEntry[]
  readonly error?: RecordRefused
}

/**
 * Publishes entries of the outbox; when it resolves, all replicas have them. An entry that Kafka refuses for good must not
 * block its partition, whatever its topic's settings are by now: what `replaced` makes of it is published in its place.
 *
 * @throws Unavailable
 * @throws RecordRefused where Kafka does not take the replacement either
 */
export async function publish(
  publisher: Publisher,
  { env, contentMode }: Pick<Consumer, 'env' | 'contentMode'>,
  entries: readonly OutboxEntry[],
  replaced: (entry: OutboxEntry, why: string) => OutboxEntry,
): Promise<Refusals> {
  const send = (some: readonly OutboxEntry[]) =>
    publisher.publish(
      some.map(entry => ({ ...toRecord(entry, contentMode), topic: topicName(entry.to, env) })),
    )
  try {
    await send(entries)
    return { entries: [] }
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error
    const [first] = entries
    if (entries.length === 1 && first) {
      await send([replaced(first, error.message)])
      return { entries, error }
    }
    // Which of them? One half after the other, so that first copies stay in order; repeats have the same ids.
    const middle = Math.ceil(entries.length / 2)
    const publishHalf = (half: readonly OutboxEntry[]) =>
      publish(publisher, { env, contentMode }, half, replaced)
    const before = await publishHalf(entries.slice(0, middle))
    const after = await publishHalf(entries.slice(middle))
    return { entries: [...before.entries, ...after.entries], error }
  }
}

/**
 * Whether the entry's record, as it will be written, is one that its topic takes. Neither mode is always the larger one:
 * headers have framing of their own, and JSON has escapes.
 */
export function fitsItsTopic(entry: OutboxEntry, mode: ContentMode): boolean {
  return sizeOf(toRecord(entry, mode)) <= TOPICS[entry.to].maxMessageBytes
}

function toRecord({ key, event }: OutboxEntry, mode: ContentMode): Omit<OutgoingRecord, 'topic'> {
  return { key: keyBytes(key), ...writeEvent(event, mode) }
}

function keyBytes(key: Key): Buffer | null {
  if (key === null) return null
  return typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.base64, 'base64')
}
