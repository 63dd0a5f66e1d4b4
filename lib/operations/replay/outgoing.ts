/** Turns a recorded item into the record to publish. Pure. */

import type { DataWriter } from '../../../packages/runtime/cloudevents/data-writer.ts'
import { bufferOf } from '../../../packages/runtime/cloudevents/header-bytes.ts'
import { carryingTime } from '../../../packages/runtime/cloudevents/log-time.ts'
import type { LogRecord, OutgoingRecord, RecordHeader } from '../../../packages/runtime/cloudevents/record.ts'
import { type ContentMode, producedRecord, writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
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

/** Where a recording goes, and in which shape. */
export interface Addressing {
  /** The environment whose topics it goes to. */
  readonly env: string
  /** The whole name of the topic that all of it goes to, whatever it was recorded from. */
  readonly topic?: string
  /** How a stream is written, unless `mode` says otherwise. */
  readonly contentMode: ContentMode
  readonly mode?: ContentMode
  /** Serializes the data of a stream. Absent: it is JSON. */
  readonly dataWriter?: DataWriter
  readonly shiftMs?: number
  /** Whether records stay in the partition that they came from, whatever their key says. */
  readonly keepPartitions: boolean
  /** Whether each record carries the time at which it was appended, for consumers that go by it. */
  readonly carryLogTime?: boolean
  /** How the events of a stream are keyed: as asked for, which comes before what the events say, or by the settings. */
  readonly keyBy?: KeyStrategy
}

/** @throws OperationFailure if the addressing asks for something that the recording does not have */
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

/** Returns the number of milliseconds by which an item moves; undefined if it stays. */
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
      `line ${line}: neither it nor any before it has a time that --carry-log-time could carry`,
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

/** Data that violates its schema cannot be written with it. It stays JSON, so that consumers can refuse it. */
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
 * Returns the requested key, else the event's extension `partitionkey`, else the key of its family. A reading that violates its
 * schema may lack the fields of its key. Consumers must refuse it, so it is not refused here.
 *
 * @throws KeyFieldMissing if the strategy is a field that the event must have, and has not
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

/** Whether the strategy is that of `PARTITION_KEY_FIELD`, and not asked for on the command line. */
function isSetting(strategy: KeyStrategy): boolean {
  return typeof strategy === 'object' && strategy.isOptional === true
}

/** The record byte for byte as captured. If it is moved in time, its event is written again in the same mode. */
function capturedRecord(
  record: LogRecord,
  { event, line }: Recorded,
  addressing: Addressing,
  movedMs: number | undefined,
): OutgoingRecord {
  if (addressing.mode !== undefined)
    throw new OperationFailure(
      '--mode is for streams: records of a log or a captured batch keep the mode they have',
      { isUsage: true },
    )
  if (addressing.keyBy !== undefined && !isSetting(addressing.keyBy))
    throw new OperationFailure(
      '--key-by is for streams: records of a log or a captured batch keep their keys',
      { isUsage: true },
    )
  const { key, value, headers, partition } = record
  return {
    topic: addressing.topic ?? sameSignal(record.topic, event?.source, line, addressing.env),
    ...(addressing.keepPartitions ? { partition } : {}),
    key,
    ...(event && movedMs !== undefined
      ? rewritten(record, moved(event, movedMs))
      : { value, headers: headers.map(toBeWritten) }),
  }
}

function rewritten({ headers }: LogRecord, event: Event): Pick<OutgoingRecord, 'value' | 'headers'> {
  const isBinary = headers.some(([name]) => name === 'ce_id')
  const written = writeEvent(event, isBinary ? 'binary' : 'structured')
  const foreign = headers.filter(([name]) => name !== 'content-type' && !name.startsWith('ce_'))
  return { value: written.value, headers: [...written.headers, ...foreign.map(toBeWritten)] }
}

function toBeWritten([name, bytes]: RecordHeader): RecordHeader<Buffer> {
  return [name, bufferOf(bytes)]
}

/** Recordings that ship with Sluice have the names that topics have by default. */
function sameSignal(topic: string, source: string | undefined, line: number, env: string): string {
  const signal = signalIn(topic) ?? signals().find(name => topic.startsWith(`sluice.telemetry.${name}.`))
  if (signal !== undefined && source !== undefined)
    return topicFor({ topic: tableSignalOf(signal) }, source, env)
  if (signal !== undefined) return topicName(signal, env)
  throw new OperationFailure(
    `record ${line}: its topic is not one of Sluice's (${topicName('readings', '<env>')}, …): say with --topic where it goes`,
  )
}

function moved(event: Event, movedMs: number | undefined): Event {
  return movedMs === undefined ? event : shifted(event, movedMs)
}
