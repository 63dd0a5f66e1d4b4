/** Step 6: publishes the entries of the outbox to Kafka in order. Failure records are published in the same way as emissions. */

import { type DataWriter, JSON_WRITER } from '../../cloudevents/data-writer.ts'
import { estimateSize, type OutgoingRecord } from '../../cloudevents/record.ts'
import { type ContentMode, writeEvent } from '../../cloudevents/writer.ts'
import { requireTopicSettings } from '../../consumer/application.ts'
import type { Key } from '../../consumer/process.ts'
import type { Consumer } from '../consumer.ts'
import { RecordRefused } from '../errors.ts'
import type { OutboxEntry } from '../model/partition-state.ts'
import type { Publisher } from '../ports.ts'

/**
 * Publishes entries of the outbox, and resolves when all replicas have them. Kafka may permanently refuse an entry, for example
 * after a change of the topic's settings. Such an entry must not block its partition, so the result of `createReplacement` is published
 * instead.
 *
 * @throws Unavailable if Kafka cannot be reached or may accept the records later
 * @throws RecordRefused if Kafka refuses a replacement too
 */
export async function publish(
  publisher: Publisher,
  consumer: Writing,
  entries: readonly OutboxEntry[],
  createReplacement: (entry: OutboxEntry, why: string) => OutboxEntry,
): Promise<Refused<OutboxEntry>> {
  const send = (some: readonly OutboxEntry[]) =>
    publisher.publish(some.map(entry => buildRecord(entry, consumer)))
  return sendInOrder(entries, send, (entry, { message }) => send([createReplacement(entry, message)]))
}

interface Refused<T> {
  readonly entries: readonly T[]
  readonly error?: RecordRefused
}

/**
 * Sends all entries at once. If Kafka permanently refuses a record, that record is found by bisection of the unwritten entries, and
 * passed to `replace`. The halves are sent one after the other, so that the first copies of all records are in order. A record may
 * be written twice, with identical copies.
 *
 * @throws errors of `send` and `replace`, except for a `RecordRefused` of `send`
 */
export async function sendInOrder<T>(
  entries: readonly T[],
  send: (some: readonly T[]) => Promise<unknown>,
  replace: (entry: T, error: RecordRefused) => Promise<unknown>,
): Promise<Refused<T>> {
  try {
    await send(entries)
    return { entries: [] }
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error
    const [first] = entries
    if (entries.length === 1 && first !== undefined) {
      await replace(first, error)
      return { entries, error }
    }
    const { unwritten = [] } = error
    if (unwritten.length > 0 && unwritten.length < entries.length) {
      const rest = unwritten.map(index => entries[index] as T)
      return { ...(await sendInOrder(rest, send, replace)), error }
    }
    const middle = entries.length >> 1
    const before = await sendInOrder(entries.slice(0, middle), send, replace)
    const after = await sendInOrder(entries.slice(middle), send, replace)
    return { entries: [...before.entries, ...after.entries], error }
  }
}

export type Writing = Pick<Consumer, 'application' | 'env' | 'contentMode' | 'dataWriter'>

/**
 * Builds the record of an entry.
 *
 * @throws RecordRefused if the data does not match the schema of its type, because the schema has changed since the entry was
 *   stored
 */
export function buildRecord(
  entry: OutboxEntry,
  { application, env, contentMode, dataWriter }: Writing,
): OutgoingRecord {
  return {
    ...toRecord(serializeEntry(entry, dataWriter), contentMode),
    topic: application.kafkaTopic(entry.to, env),
  }
}

function serializeEntry(entry: OutboxEntry, writer: DataWriter = JSON_WRITER): OutboxEntry {
  try {
    return { ...entry, event: writer.write(entry.event) }
  } catch (error) {
    throw new RecordRefused(`its data does not match the schema: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/**
 * Returns true if the record of the entry does not exceed the size limit of its topic, in the current content mode.
 *
 * @param spareBytes additional bytes that must not exceed the limit either
 */
export function fitsItsTopic(
  entry: OutboxEntry,
  { application, contentMode }: Pick<Consumer, 'application' | 'contentMode'>,
  spareBytes = 0,
): boolean {
  return (
    measureEntry(entry, contentMode) + spareBytes <=
    requireTopicSettings(application, entry.to).maxMessageBytes
  )
}

/**
 * Returns the approximate size of the entry's record in bytes, with its data serialized by this writer.
 *
 * @throws Error if the data does not match its schema
 */
export function measureWrittenEntry(entry: OutboxEntry, mode: ContentMode, writer: DataWriter): number {
  return measureEntry({ ...entry, event: writer.write(entry.event) }, mode)
}

/** Returns the approximate size of the entry in the outbox, in bytes. A record with JSON data has the same size in its topic. */
export function measureEntry(entry: OutboxEntry, mode: ContentMode): number {
  return estimateSize(toRecord(entry, mode))
}

/** Returns true if the entries exceed the limit in bytes. The outbox of a store usually contains no entries, and never many. */
export function isLarge(entries: readonly OutboxEntry[], limit: number): boolean {
  let bytes = 0
  return entries.some(entry => {
    bytes += JSON.stringify(entry).length
    return bytes > limit
  })
}

function toRecord(
  { key, event, everyPartition, partition }: OutboxEntry,
  mode: ContentMode,
): Omit<OutgoingRecord, 'topic'> {
  return {
    key: keyBytes(key),
    ...writeEvent(event, mode),
    ...(everyPartition ? { everyPartition } : {}),
    ...(partition === undefined ? {} : { partition }),
  }
}

function keyBytes(key: Key): Buffer | null {
  if (key === null) return null
  return typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.base64, 'base64')
}
