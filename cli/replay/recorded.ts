/** Reads a file for replay: a stream of events, one per line, or the records of one captured Lambda batch. */

import { LONGEST, linesByPiece, UnreadableText } from '../../lib/runtime/adapters/files/lines.ts'
import { parseTime } from '../../lib/runtime/cloudevents/attributes.ts'
import { isFailure } from '../../lib/runtime/cloudevents/event.ts'
import { InexactNumber, parseExact } from '../../lib/runtime/cloudevents/exact-json.ts'
import { readJsonEvent } from '../../lib/runtime/cloudevents/json-format.ts'
import { readEvent } from '../../lib/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { type KafkaEvent, receive } from '../../lib/runtime/pipeline/receive.ts'
import { CliFailure } from '../failure.ts'

/** One thing to publish. */
export interface Recorded {
  /** Its line in a stream, its number in a batch; from 1. */
  readonly line: number
  /** When it was recorded, milliseconds since the epoch: the pace follows it. */
  readonly paceMs: number | undefined
  /** The event of a line, or in a record; a record may hold none. */
  readonly event?: Event
  readonly eventMs: number | undefined
  /** Present if it is from a batch. */
  readonly record?: LogRecord
}

/**
 * The recorded items of a text, piece by piece. Its first line shows whether it is a stream or a batch.
 *
 * @param name for messages
 * @throws CliFailure naming the line that is not an event
 */
export async function* readRecorded(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<readonly Recorded[]> {
  const reader = new RecordingReader(name)
  try {
    for await (const lines of linesByPiece(pieces)) {
      const group = lines.flatMap(text => reader.read(text))
      if (group.length > 0) yield group
    }
  } catch (error) {
    throw error instanceof UnreadableText ? new CliFailure(`${name}: ${error.message}`) : error
  }
  const batch = reader.batch()
  if (batch.length > 0) yield batch
}

class RecordingReader {
  readonly #name: string
  #line = 0
  #length = 0
  /** The lines of a document that is not a stream; undefined while the text is one. */
  #document: string[] | undefined
  #isStream = false

  constructor(name: string) {
    this.#name = name
  }

  read(text: string): Recorded[] {
    this.#line++
    if (this.#document === undefined && text.trim() === '') return []
    if (!this.#isStream && this.#document === undefined) {
      if (isWholeLine(text)) this.#isStream = true
      else this.#document = []
    }
    if (this.#document === undefined) return [recordedEvent(text, this.#line, `${this.#name}:${this.#line}`)]
    this.#length += text.length
    if (this.#length > LONGEST) throw new UnreadableText('a batch cannot be so large')
    this.#document.push(text)
    return []
  }

  /** The records of a batch, now that the text has ended. */
  batch(): Recorded[] {
    return this.#document === undefined ? [] : recordedBatch(this.#document.join('\n'), this.#name)
  }
}

/** Each line of a stream is a JSON document. A batch has `records`, or continues over several lines. */
function isWholeLine(text: string): boolean {
  const parsed = parse(text)
  return parsed !== undefined && (parsed as { records?: unknown } | null)?.records === undefined
}

function recordedEvent(text: string, line: number, where: string): Recorded {
  const event = readJsonEvent(parsedExactly(text, where))
  if (isFailure(event)) throw new CliFailure(`${where}: not a CloudEvent: ${event.message}`)
  const eventMs = timeOf(event)
  return { line, event, eventMs, paceMs: eventMs }
}

/** The records in the order in which the log received them; records of one partition by their offsets. */
function recordedBatch(text: string, name: string): Recorded[] {
  const batch = parse(text)
  if (!isBatch(batch))
    throw new CliFailure(
      `${name}: neither a stream of CloudEvents (JSON, one a line) nor a captured batch (JSON with "records")`,
    )
  const partitions = receive(batch)
  const records = partitions.flatMap(({ records }) => records)
  // Sorting is stable, and append times of one partition do not go back.
  const inOrder = records.toSorted((a, b) => a.timestampMs - b.timestampMs)
  return inOrder.map((record, index) => {
    const read = readEvent(record)
    const event = isFailure(read) ? {} : { event: read, eventMs: timeOf(read) }
    return { line: index + 1, record, paceMs: record.timestampMs, eventMs: undefined, ...event }
  })
}

/** The published event must have exactly the digits of the line. */
function parsedExactly(text: string, where: string): unknown {
  try {
    return parseExact(text)
  } catch (error) {
    throw new CliFailure(`${where}: ${error instanceof InexactNumber ? error.message : 'not JSON'}`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isBatch(document: unknown): document is KafkaEvent {
  if (typeof document !== 'object' || document === null) return false
  const groups = Object.values((document as { records?: object }).records ?? {})
  return (
    groups.length > 0 &&
    groups.every(group => Array.isArray(group) && group.length > 0 && group.every(isRecord))
  )
}

function isRecord(record: unknown): boolean {
  const {
    topic,
    partition,
    offset,
    timestamp,
    key,
    value,
    headers = [],
  } = (record ?? {}) as Record<string, unknown>
  return (
    typeof topic === 'string' &&
    [partition, offset, timestamp].every(Number.isInteger) &&
    [key, value].every(bytes => bytes === undefined || bytes === null || typeof bytes === 'string') &&
    Array.isArray(headers) &&
    headers.every(header => Object.values(header ?? {}).every(Array.isArray))
  )
}

function timeOf({ time }: Event): number | undefined {
  return time === undefined ? undefined : parseTime(time)
}
