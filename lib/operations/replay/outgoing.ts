/** Converts a recorded item to the record that is published. Pure. */

import type { DataWriter } from '../../../packages/runtime/cloudevents/data-writer.ts'
import { bufferOf } from '../../../packages/runtime/cloudevents/header-bytes.ts'
import { carryingTime } from '../../../packages/runtime/cloudevents/log-time.ts'
import type { LogRecord, OutgoingRecord, RecordHeader } from '../../../packages/runtime/cloudevents/record.ts'
import {
  type ContentMode,
  otherHeaders,
  producedRecord,
  writeEvent,
} from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { withoutOrigin } from '../../../packages/runtime/pipeline/deciding/origin.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { signalIn, signals, tableSignalOf, topicName } from '../../app/topics.ts'
import { familyOf, type ReadingData } from '../../telemetry/families.ts'
import { KeyFieldMissing, type KeyStrategy } from '../../telemetry/key.ts'
import { keyOf } from '../../telemetry/reading.ts'
import { OperationFailure } from '../failure.ts'
import { keyBy as keyOfEvent } from '../publish/key-by.ts'
import { topicFor } from '../state-keys.ts'
import type { Recorded } from './recorded.ts'
import type { Item } from './sequence.ts'
import { shifted } from './shift.ts'

/** Determines where and in which form records are published. */
export interface Addressing {
  /** Environment to whose topics the records are published. */
  readonly env: string
  /** Full name of the topic to which all records are published. If absent, records are published to the topics of their signals. */
  readonly topic?: string
  /** Content mode for events from a stream. `mode` takes precedence. */
  readonly contentMode: ContentMode
  readonly mode?: ContentMode
  /** Serializer for the data of events from a stream; absent for JSON. */
  readonly dataWriter?: DataWriter
  readonly shiftMs?: number
  /** True to publish each record to its original partition, regardless of its key. */
  readonly keepPartitions: boolean
  /** True to add the original append time to each record, for consumers that can use it. */
  readonly carryLogTime?: boolean
  /**
   * Key strategy for events from a stream. Keys in the events take precedence over a strategy in the settings, but not over a
   * strategy that the user has requested.
   */
  readonly keyBy?: KeyStrategy
}

/**
 * Returns the record to publish for an item.
 *
 * @throws OperationFailure if the item lacks something that the options require
 */
export function outgoing(item: Recorded & Partial<Item>, addressing: Addressing): OutgoingRecord {
  const { event, record } = item
  if (record === undefined && addressing.keepPartitions)
    throw new OperationFailure(
      '--keep-partitions is for recorded logs and captured batches: a stream has no partitions',
      { isUsage: true },
    )
  const movedMs = movedBy(item, addressing)
  const made =
    record === undefined
      ? streamRecord(moved(event as Event, movedMs), item.line, addressing)
      : capturedRecord(record, item, addressing, movedMs)
  return addressing.carryLogTime ? carrying(made, item, movedMs ?? 0) : made
}

/** Returns the number of milliseconds by which the item's time is shifted; undefined if it is not shifted. */
export function movedBy({ roundMs = 0 }: Partial<Item>, { shiftMs }: Addressing): number | undefined {
  return shiftMs === undefined && roundMs === 0 ? undefined : (shiftMs ?? 0) + roundMs
}

function carrying(
  record: OutgoingRecord,
  { record: source, latestMs, line }: Recorded & Partial<Item>,
  movedMs: number,
): OutgoingRecord {
  const appendedMs = source?.timestampMs ?? latestMs
  if (appendedMs === undefined)
    throw new OperationFailure(
      `line ${line}: neither this item nor an earlier one has a time for --carry-log-time`,
    )
  return { ...record, headers: carryingTime(record.headers, appendedMs, movedMs) }
}

function streamRecord(event: Event, line: number, addressing: Addressing): OutgoingRecord {
  const { env, topic, mode, contentMode, keyBy, dataWriter } = addressing
  const key = keyInStream(event, line, keyBy)
  const written = dataWriter && fitsSchema(event) ? dataWriter.write(event) : event
  const ownTopic = topicFor({ topic: topic ?? 'readings' }, event.source, env)
  return producedRecord(ownTopic, key, written, mode ?? contentMode)
}

/**
 * Returns whether the event data matches its schema. Other data cannot be serialized with the schema. It is published as JSON, and
 * consumers reject it.
 */
function fitsSchema({ type, data }: Event): boolean {
  return schemaViolation(type, data) === undefined
}

function keyInStream(event: Event, line: number, strategy: KeyStrategy | undefined): string | null {
  try {
    return streamKey(event, strategy)
  } catch (error) {
    if (error instanceof KeyFieldMissing) throw new OperationFailure(`line ${line}: ${error.message}`)
    throw error
  }
}

/**
 * Returns the record key of an event from a stream. A requested strategy takes precedence over the extension `partitionkey`, which
 * takes precedence over the key of the family. A reading that violates its schema may lack the fields for its key. It is still
 * published, so that consumers reject it.
 *
 * @throws KeyFieldMissing if the strategy requires a field that is missing
 */
export function streamKey(event: Event, strategy?: KeyStrategy): string | null {
  const { type, subject, data, extensions } = event
  const own = extensions?.partitionkey
  if (own && (strategy === undefined || isSetting(strategy))) return own
  const chosen = strategy && keyOfEvent(event, strategy)
  if (chosen !== undefined) return chosen
  const family = familyOf(type)
  if (family === undefined || schemaViolation(type, data) !== undefined) return subject ?? null
  return keyOf(family, data as ReadingData)
}

/** Returns whether the strategy is set by `PARTITION_KEY_FIELD`, instead of being requested on the command line. */
function isSetting(strategy: KeyStrategy): boolean {
  return typeof strategy === 'object' && strategy.isOptional === true
}

/**
 * Returns a record with the original bytes, without the origin of an emission. The event is encoded again, in the same content mode,
 * only if its time is shifted or its bytes contain the origin.
 */
function capturedRecord(
  record: LogRecord,
  { event, line }: Recorded,
  addressing: Addressing,
  movedMs: number | undefined,
): OutgoingRecord {
  if (addressing.mode !== undefined)
    throw new OperationFailure(
      '--mode is for streams: records of a log or a captured batch keep their mode',
      { isUsage: true },
    )
  if (addressing.keyBy !== undefined && !isSetting(addressing.keyBy))
    throw new OperationFailure(
      '--key-by is for streams: records of a log or a captured batch keep their keys',
      { isUsage: true },
    )
  const { key, value, headers, partition } = record
  const isRewritten = event && (movedMs !== undefined || (carriesOrigin(event) && !isBinary(record)))
  return {
    topic: addressing.topic ?? sameSignal(record.topic, event?.source, line, addressing.env),
    ...(addressing.keepPartitions ? { partition } : {}),
    key,
    ...(isRewritten
      ? rewritten(record, moved(event, movedMs))
      : { value, headers: headers.filter(([name]) => name !== 'ce_origin').map(toBeWritten) }),
  }
}

function carriesOrigin({ extensions }: Event): boolean {
  return extensions?.origin !== undefined
}

function isBinary({ headers }: LogRecord): boolean {
  return headers.some(([name]) => name === 'ce_id')
}

function rewritten(record: LogRecord, event: Event): Pick<OutgoingRecord, 'value' | 'headers'> {
  const written = writeEvent(event, isBinary(record) ? 'binary' : 'structured')
  const foreign = otherHeaders(record.headers, event)
  return { value: written.value, headers: [...written.headers, ...foreign.map(toBeWritten)] }
}

function toBeWritten([name, bytes]: RecordHeader): RecordHeader<Buffer | null> {
  return [name, bytes && bufferOf(bytes)]
}

/**
 * Returns the environment's topic for the signal of a recorded topic. Recordings that ship with Sluice contain the default topic
 * names.
 */
function sameSignal(topic: string, source: string | undefined, line: number, env: string): string {
  const signal = signalIn(topic) ?? signals().find(name => topic.startsWith(`sluice.telemetry.${name}.`))
  if (signal !== undefined && source !== undefined)
    return topicFor({ topic: tableSignalOf(signal) }, source, env)
  if (signal !== undefined) return topicName(signal, env)
  throw new OperationFailure(
    `record ${line}: its topic is not one of Sluice's (${topicName('readings', '<env>')}, …): specify its destination with --topic`,
  )
}

/** Returns the event without an origin, because it is sent by another producer now, with its time shifted. */
function moved(event: Event, movedMs: number | undefined): Event {
  const own = withoutOrigin(event)
  return movedMs === undefined ? own : shifted(own, movedMs)
}
