/** Records for entries of the outbox, and their sizes. Pure. */
import type { DataWriter } from '../../cloudevents/data-writer.ts'
import { estimateSize, type OutgoingRecord } from '../../cloudevents/record.ts'
import { type ContentMode, type WrittenEvent, writeEvent } from '../../cloudevents/writer.ts'
import { requireTopicSettings } from '../../consumer/application.ts'
import type { Key } from '../../consumer/process.ts'
import type { Consumer } from '../consumer.ts'
import { RecordRefused } from '../errors.ts'
import type { OutboxEntry } from '../model/partition-state.ts'

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
  const { key, value, headers } = writeEntry(serializeEntry(entry, dataWriter), contentMode)
  const { everyPartition, partition } = entry
  return {
    ...{ topic: application.kafkaTopic(entry.to, env), key, value, headers },
    ...(everyPartition ? { everyPartition } : {}),
    ...(partition === undefined ? {} : { partition }),
  }
}

function serializeEntry(entry: OutboxEntry, writer: DataWriter | undefined): OutboxEntry {
  if (!writer) return entry
  try {
    return withData(entry, writer)
  } catch (error) {
    throw new RecordRefused(`its data does not match the schema: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Returns the same entry if the writer leaves its data unchanged, because that entry may have been measured. */
function withData(entry: OutboxEntry, writer: DataWriter): OutboxEntry {
  const event = writer.write(entry.event)
  return event === entry.event ? entry : { ...entry, event }
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
  return measureEntry(withData(entry, writer), mode)
}

/** Returns the approximate size of the entry in the outbox, in bytes. A record with JSON data has the same size in its topic. */
export function measureEntry(entry: OutboxEntry, mode: ContentMode): number {
  return estimateSize(writeEntry(entry, mode))
}

/** Returns true if the entries exceed the limit in bytes. The outbox of a store usually contains no entries, and never many. */
export function isLarge(entries: readonly OutboxEntry[], limit: number): boolean {
  let bytes = 0
  return entries.some(entry => {
    bytes += JSON.stringify(entry).length
    return bytes > limit
  })
}

/** Records of entries that were measured, in the content mode of the consumer, so that each is written once. */
const records = new WeakMap<OutboxEntry, WrittenEntry>()

interface WrittenEntry extends WrittenEvent {
  readonly mode: ContentMode
  readonly key: Buffer | null
}

function writeEntry(entry: OutboxEntry, mode: ContentMode): WrittenEntry {
  const known = records.get(entry)
  if (known?.mode === mode) return known
  const { value, headers } = writeEvent(entry.event, mode)
  const written = { mode, key: keyBytes(entry.key), value, headers }
  records.set(entry, written)
  return written
}

function keyBytes(key: Key): Buffer | null {
  if (key === null) return null
  return typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.base64, 'base64')
}
