/** Turns a recorded item into the record to publish. Pure. */

import { schemaViolation } from '../../lib/app/schemas.ts'
import { SIGNALS, topicName } from '../../lib/app/topics.ts'
import { bufferOf } from '../../lib/runtime/cloudevents/header-bytes.ts'
import type { LogRecord, OutgoingRecord, RecordHeader } from '../../lib/runtime/cloudevents/record.ts'
import { type ContentMode, producedRecord, writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { familyOf, type ReadingData } from '../../lib/telemetry/families.ts'
import { keyOf } from '../../lib/telemetry/reading.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import type { Recorded } from './recorded.ts'
import { shifted } from './shift.ts'

/** Where a recording goes, and in which shape. */
export interface Addressing {
  /** The environment whose topics it goes to. */
  readonly env: string
  /** How a stream is written, unless `mode` says otherwise. */
  readonly contentMode: ContentMode
  readonly mode?: ContentMode
  readonly shiftMs?: number
  /** Whether records of a batch stay in the partition that they came from, whatever their key says. */
  readonly keepPartitions: boolean
}

/** @throws CliFailure if the addressing asks for something that the recording does not have */
export function outgoing(recorded: Recorded, addressing: Addressing): OutgoingRecord {
  const { event, record } = recorded
  if (record !== undefined) return capturedRecord(record, recorded, addressing)
  if (addressing.keepPartitions)
    throw usageFailure('--keep-partitions is for captured batches: a stream has no partitions')
  return streamRecord(moved(event as Event, addressing), addressing)
}

function streamRecord(event: Event, { env, mode, contentMode }: Addressing): OutgoingRecord {
  return producedRecord(topicName('readings', env), streamKey(event), event, mode ?? contentMode)
}

/** A reading that violates its schema may lack the fields of its key. Consumers must refuse it, so it is not refused here. */
function streamKey({ type, subject, data }: Event): string | null {
  const family = familyOf(type)
  if (family === undefined || schemaViolation(type, data) !== undefined) return subject ?? null
  return keyOf(family, data as ReadingData)
}

/** The record byte for byte as captured. With a shift, its event is written again in the same mode. */
function capturedRecord(record: LogRecord, recorded: Recorded, addressing: Addressing): OutgoingRecord {
  if (addressing.mode !== undefined)
    throw usageFailure('--mode is for streams: the records of a captured batch keep the mode they have')
  const { key, value, headers, partition } = record
  return {
    topic: sameSignal(record.topic, recorded.line, addressing.env),
    ...(addressing.keepPartitions ? { partition } : {}),
    key,
    ...(recorded.event && addressing.shiftMs !== undefined
      ? rewritten(record, moved(recorded.event, addressing))
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

function sameSignal(topic: string, line: number, env: string): string {
  const signal = SIGNALS.find(name => topic.startsWith(topicName(name, '')))
  if (signal !== undefined) return topicName(signal, env)
  throw new CliFailure(
    `record ${line}: its topic is not one of Sluice's (${topicName('readings', '<env>')}, …)`,
  )
}

function moved(event: Event, { shiftMs }: Addressing): Event {
  return shiftMs === undefined ? event : shifted(event, shiftMs)
}
