/** Reads a file for replay: a stream of events or recorded records, one per line, or the records of one captured Lambda batch. */

import { LONGEST } from '../../../packages/runtime/adapters/files/lines.ts'
import { parseTime } from '../../../packages/runtime/cloudevents/attributes.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { isInexact, parseExact } from '../../../packages/runtime/cloudevents/exact-json.ts'
import { readJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { type KafkaEvent, receive } from '../../../packages/runtime/pipeline/batch/receive.ts'
import { jsonIn } from '../../json.ts'
import { isRecordedLine, readRecordedLine } from '../../queries/recorded-line.ts'
import { OperationFailure } from '../failure.ts'
import { type Line, numberedLines } from './lines.ts'
import { DamagedGzip, unzipped } from './unzipped.ts'

/** Item to publish. */
export interface Recorded {
  /** Line number in a stream or recording, or number in a batch, counted from 1. */
  readonly line: number
  /** Time of recording in milliseconds since the epoch, which determines the pace. */
  readonly paceMs: number | undefined
  /** Event of a line, or in a record. A record may not contain an event. */
  readonly event?: Event
  readonly eventMs: number | undefined
  /** Original record, if the item is from a recorded log or a batch. */
  readonly record?: LogRecord
}

/** Called with a message about each line that is skipped because it cannot be read. */
export type OnInvalid = (message: string) => void

/**
 * Yields the recorded items of a text, or of gzip data, piece by piece. The first line determines whether the input has one item
 * per line or is a batch.
 *
 * @param name name of the input in messages
 * @param onInvalid called for each invalid line, which is then skipped; without it, the first invalid line ends the reading
 * @throws OperationFailure with the number of an invalid line
 */
export async function* readRecorded(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  onInvalid?: OnInvalid,
): AsyncGenerator<readonly Recorded[]> {
  const reader = new RecordingReader(name, onInvalid)
  try {
    for await (const lines of numberedLines(unzipped(pieces))) {
      const group = reader.read(lines)
      if (group.length > 0) yield group
    }
  } catch (error) {
    if (!(error instanceof DamagedGzip)) throw error
    reader.refuse(reader.lastLine, `after this line, ${error.message}`)
  }
  const batch = reader.batch()
  if (batch.length > 0) yield batch
}

class RecordingReader {
  readonly #name: string
  readonly #onInvalid: OnInvalid | undefined
  #length = 0
  /** Lines of a document that is not a stream; undefined while the input is a stream. */
  #document: string[] | undefined
  #isStream = false
  lastLine = 0

  constructor(name: string, onInvalid: OnInvalid | undefined) {
    this.#name = name
    this.#onInvalid = onInvalid
  }

  read(lines: readonly Line[]): Recorded[] {
    const group: Recorded[] = []
    for (const line of lines) {
      this.lastLine = line.number
      const recorded = this.#read(line)
      if (recorded) group.push(recorded)
    }
    return group
  }

  /**
   * Reports an invalid line.
   *
   * @throws OperationFailure unless invalid lines are skipped
   */
  refuse(line: number, reason: string): undefined {
    const message = `${this.#name}:${line}: ${reason}`
    if (this.#onInvalid === undefined) throw new OperationFailure(message)
    this.#onInvalid(message)
  }

  /** Returns the records of a batch, after the end of the input. */
  batch(): Recorded[] {
    if (this.#document === undefined) return []
    const records = batchRecords(jsonIn(this.#document.join('\n')), this.#name)
    return records.map((record, index) => fromLog(record, index + 1))
  }

  #read({ number, text, failure }: Line): Recorded | undefined {
    if (text === undefined) return this.refuse(number, failure ?? '')
    if (this.#document === undefined && text.trim() === '') return undefined
    if (!this.#isStream && this.#document === undefined) {
      // An invalid first line is reported by its number like any other.
      if (isWholeLine(text) || !mayBeginBatch(text)) this.#isStream = true
      else this.#document = []
    }
    if (this.#document === undefined) return this.#item(text, number)
    this.#length += text.length
    if (this.#length > LONGEST) throw new OperationFailure(`${this.#name}: a batch cannot be so large`)
    this.#document.push(text)
    return undefined
  }

  #item(text: string, line: number): Recorded | undefined {
    const parsed = parsedExactly(text)
    // A recorded line contains no number that a double cannot represent, so each line is parsed only once.
    const item = isRecordedLine(parsed) ? recordedRecord(parsed, line) : recordedEvent(parsed, line)
    return typeof item === 'string' ? this.refuse(line, item) : item
  }
}

/**
 * Returns whether the first line is a whole item. Each line of a stream is a JSON document. A batch has
 * `records`, or continues over several lines.
 */
function isWholeLine(text: string): boolean {
  const parsed = jsonIn(text)
  return parsed !== undefined && (parsed as { records?: unknown } | null)?.records === undefined
}

/** Start of a batch over several lines: a single brace or bracket, or a key that only batches have. */
const BATCH_BEGINS = /^\s*(?:[{[]\s*$|\{\s*"(?:eventSource|eventSourceArn|bootstrapServers|records)"\s*:)/

function mayBeginBatch(text: string): boolean {
  return jsonIn(text) !== undefined || BATCH_BEGINS.test(text)
}

/**
 * Returns the item of a line.
 *
 * @returns a description of the error for an invalid line
 */
function recordedEvent(parsed: unknown, line: number): Recorded | string {
  if (parsed instanceof Unparsed) return parsed.reason
  const event = readJsonEvent(parsed)
  if (isFailure(event)) return `not a CloudEvent: ${event.message}`
  const eventMs = timeOf(event)
  return { line, event, eventMs, paceMs: eventMs }
}

function recordedRecord(parsed: unknown, line: number): Recorded | string {
  const record = readRecordedLine(parsed)
  return typeof record === 'string' ? record : fromLog(record, line)
}

/** The item of a record that was read from a log. */
export function fromLog(record: LogRecord, line: number): Recorded {
  const read = readEvent(record)
  const event = isFailure(read) ? {} : { event: read, eventMs: timeOf(read) }
  return { line, record, paceMs: record.timestampMs, eventMs: undefined, ...event }
}

class Unparsed {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** Parses a line. Fails for numbers that would be changed, because the published event must have exactly the digits of the line. */
function parsedExactly(text: string): unknown {
  try {
    return parseExact(text)
  } catch (error) {
    return new Unparsed(isInexact(error) ? error.message : 'not JSON')
  }
}

function timeOf({ time }: Event): number | undefined {
  return time === undefined ? undefined : parseTime(time)
}

/**
 * Returns the records in the order in which the log received them; records of one partition are ordered by offset.
 *
 * @param name name of the input in messages
 * @throws OperationFailure if it is not a batch
 */
function batchRecords(batch: unknown, name: string): readonly LogRecord[] {
  if (!isBatch(batch))
    throw new OperationFailure(
      `${name}: neither a stream of CloudEvents or records (one JSON document per line) nor a captured batch (JSON with "records")`,
    )
  const partitions = receive(batch)
  const records = partitions.flatMap(({ records }) => records)
  // Sorting is stable, and append times within a partition do not decrease.
  return records.toSorted((a, b) => a.timestampMs - b.timestampMs)
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
