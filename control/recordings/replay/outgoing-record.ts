/** Converts a recorded item to the record that is published. Pure. */

import {
  type ContentMode,
  carryingTime,
  type DataWriter,
  type LogRecord,
  type OutgoingRecord,
  otherHeaders,
  type RecordHeader,
  toBuffer,
  toOutgoingRecord,
  writeEvent,
} from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { withoutOrigin } from '#runtime/pipeline'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import type { Named } from '../../../lib/app/naming/names.ts'
import { SIGNALS } from '../../../lib/app/naming/topic-table.ts'
import { OperationFailure, usageFailure } from '../../../lib/support/operation-failure.ts'
import type { Families, KeyStrategy } from '../../../lib/telemetry/index.ts'
import { computeEventKey } from '../event-key.ts'
import type { Recorded } from './recorded-items.ts'
import { shiftEvent } from './time-shift.ts'

/** Determines where and in which form records are published: to the topics of an environment, unless one topic is given. */
export interface Addressing extends Named {
  readonly families: Families
  /** Full name of the topic to which all records are published. If absent, records are published to the topics of their signals. */
  readonly topic?: string | undefined
  /** Content mode for events from a stream. */
  readonly contentMode: ContentMode
  /** Serializer for the data of events from a stream; absent for JSON. */
  readonly dataWriter?: DataWriter
  /** Number of milliseconds by which events are shifted; undefined if they are not shifted. */
  readonly shiftMs?: number | undefined
  /** True to publish each record to its original partition, regardless of its key. */
  readonly keepPartitions: boolean
  /** True to add the original append time to each record, for consumers that can use it. */
  readonly carryLogTime?: boolean
  /** Key strategy in the settings, for events from a stream that do not contain their key. */
  readonly keyBy?: KeyStrategy | undefined
}

/**
 * Returns the record to publish for an item.
 *
 * @param latestMs latest recorded time so far. It is used as the append time of items that are not from a log.
 * @throws OperationFailure if the item lacks something that the options require
 */
export function buildOutgoingRecord(
  item: Recorded,
  addressing: Addressing,
  latestMs: number | undefined = item.paceMs,
): OutgoingRecord {
  const { event, record, line } = item
  if (record === undefined && addressing.keepPartitions)
    throw usageFailure(
      '--keep-partitions is for recorded logs and captured batches: a stream has no partitions',
    )
  const { shiftMs } = addressing
  const result =
    record === undefined
      ? buildStreamRecord(prepareEvent(event as Event, shiftMs), addressing)
      : buildRecordOfLog(record, item, addressing)
  if (!addressing.carryLogTime) return result
  const appendedMs = record?.timestampMs ?? latestMs
  if (appendedMs === undefined)
    throw new OperationFailure(
      `line ${line}: neither this item nor an earlier one has a time for --carry-log-time`,
    )
  return { ...result, headers: carryingTime(result.headers, appendedMs, shiftMs ?? 0) }
}

function buildStreamRecord(event: Event, addressing: Addressing): OutgoingRecord {
  const { families, topic, contentMode, keyBy, dataWriter } = addressing
  const key = computeEventKey(families, event, keyBy)
  const written = dataWriter && fitsSchema(families, event) ? dataWriter.write(event) : event
  const ownTopic = addressing.names.resolveTopic(topic ?? 'readings', addressing.env)
  return toOutgoingRecord(ownTopic, key, written, contentMode)
}

/**
 * Returns whether the event data matches its schema. Other data cannot be serialized with the schema. It is published as JSON, and
 * consumers reject it.
 */
function fitsSchema(families: Families, { type, data }: Event): boolean {
  return schemaViolation(families, type, data) === undefined
}

/**
 * Returns a record with the original bytes, without the origin of an emission. The event is encoded again, in the same content mode,
 * only if its time is shifted or its bytes contain the origin.
 */
function buildRecordOfLog(
  record: LogRecord,
  { event, line }: Recorded,
  { topic, env, names, keepPartitions, shiftMs }: Addressing,
): OutgoingRecord {
  const { key, value, headers, partition } = record
  const isRewritten = event && (shiftMs !== undefined || (carriesOrigin(event) && !isBinary(record)))
  return {
    topic: topic ?? resolveRecordedTopic(record.topic, line, { env, names }),
    ...(keepPartitions ? { partition } : {}),
    key,
    ...(isRewritten
      ? rewriteRecord(record, prepareEvent(event, shiftMs))
      : { value, headers: headers.filter(([name]) => name !== 'ce_origin').map(toOutgoingHeader) }),
  }
}

function carriesOrigin({ extensions }: Event): boolean {
  return extensions?.origin !== undefined
}

function isBinary({ headers }: LogRecord): boolean {
  return headers.some(([name]) => name === 'ce_id')
}

function rewriteRecord(record: LogRecord, event: Event): Pick<OutgoingRecord, 'value' | 'headers'> {
  const written = writeEvent(event, isBinary(record) ? 'binary' : 'structured')
  const foreign = otherHeaders(record.headers, event)
  return { value: written.value, headers: [...written.headers, ...foreign.map(toOutgoingHeader)] }
}

function toOutgoingHeader([name, bytes]: RecordHeader): RecordHeader<Buffer | null> {
  return [name, bytes && toBuffer(bytes)]
}

/**
 * Returns the environment's topic for the signal of a recorded topic. Recordings that ship with Sluice contain the default topic
 * names.
 */
function resolveRecordedTopic(topic: string, line: number, { env, names }: Named): string {
  const signal =
    names.findSignal(topic) ?? SIGNALS.find(name => topic.startsWith(`sluice.telemetry.${name}.`))
  if (signal !== undefined) return names.topicName(signal, env)
  throw new OperationFailure(
    `record ${line}: its topic is not one of Sluice's (${names.topicName('readings', '<env>')}, …): specify its destination with --topic`,
  )
}

/** Returns the event without an origin, because it is sent by another producer now, with its time shifted. */
function prepareEvent(event: Event, movedMs: number | undefined): Event {
  const own = withoutOrigin(event)
  return movedMs === undefined ? own : shiftEvent(own, movedMs)
}
