/**
 * Reads files for replay. A file contains either one event or recorded record per line, or the records of one captured Lambda
 * batch.
 */

import {
  isFailure,
  isInexact,
  type LogRecord,
  parseExact,
  parseTime,
  readEvent,
  readJsonEvent,
} from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { type KafkaEvent, receive } from '#runtime/pipeline'
import { parseJson } from '../../../lib/support/json.ts'
import { OperationFailure } from '../../../lib/support/operation-failure.ts'
import { type Line, LONGEST, readLines } from '../../../lib/support/text-reader.ts'
import { isRecordedLine, readRecordedLine } from '../../queries/records/recorded-line.ts'

/** Recorded item that can be published. */
export interface Recorded {
  /** Number of the line, or number of the record in a batch, counted from 1. */
  readonly line: number
  /** Recorded time in milliseconds since the epoch. It determines when the item is due. */
  readonly paceMs: number | undefined
  /** Event of the item; absent if a recorded record does not contain an event. */
  readonly event?: Event
  readonly eventMs: number | undefined
  /** Original record. Present if the item is from a recorded log or a batch. */
  readonly record?: LogRecord
}

/**
 * Yields the items of a text, piece by piece. The first line determines whether each line contains an item, or the whole text is a
 * batch.
 *
 * @param name name of the input in messages
 * @throws OperationFailure with the number of the invalid line
 */
export async function* readRecorded(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<readonly Recorded[]> {
  let form: 'lines' | 'batch' | undefined
  const document: string[] = []
  let length = 0
  for await (const lines of readLines(pieces, name)) {
    const group: Recorded[] = []
    for (const line of lines) {
      if (form !== 'batch' && line.text.trim() === '') continue
      // If the first line is invalid, it is reported with its line number, like any other line.
      form ??= isWholeLine(line.text) || !mayBeginBatch(line.text) ? 'lines' : 'batch'
      if (form === 'lines') group.push(parseItem(line, name))
      else document.push(line.text)
      length += line.text.length
      if (form === 'batch' && length > LONGEST)
        throw new OperationFailure(`${name}: a batch cannot be so large`)
    }
    if (group.length > 0) yield group
  }
  if (form === 'batch')
    yield readBatchRecords(parseJson(document.join('\n')), name).map((record, index) =>
      toRecorded(record, index + 1),
    )
}

function parseItem({ text, number: line }: Line, name: string): Recorded {
  const parsed = parseLine(text)
  // Recorded lines contain only numbers that a double can represent. An exact parse never rejects them, so each line is parsed
  // only once.
  const item = isRecordedLine(parsed) ? parseRecordItem(parsed, line) : parseEventItem(parsed, line)
  if (typeof item === 'string') throw new OperationFailure(`${name}:${line}: ${item}`)
  return item
}

/** Returns whether the first line is a complete item. In contrast, a batch has the key `records`, or extends over several lines. */
function isWholeLine(text: string): boolean {
  const parsed = parseJson(text)
  return parsed !== undefined && (parsed as { records?: unknown } | null)?.records === undefined
}

/** Matches the start of a batch that extends over several lines: a single brace or bracket, or a key that only batches have. */
const BATCH_BEGINS = /^\s*(?:[{[]\s*$|\{\s*"(?:eventSource|eventSourceArn|bootstrapServers|records)"\s*:)/

function mayBeginBatch(text: string): boolean {
  return parseJson(text) !== undefined || BATCH_BEGINS.test(text)
}

/**
 * Converts a parsed line to an item.
 *
 * @returns an error message if the line is invalid
 */
function parseEventItem(parsed: unknown, line: number): Recorded | string {
  if (parsed instanceof Unparsed) return parsed.reason
  const event = readJsonEvent(parsed)
  if (isFailure(event)) return `not a CloudEvent: ${event.message}`
  const eventMs = getTimeMs(event)
  return { line, event, eventMs, paceMs: eventMs }
}

function parseRecordItem(parsed: unknown, line: number): Recorded | string {
  const record = readRecordedLine(parsed)
  return typeof record === 'string' ? record : toRecorded(record, line)
}

/** Converts a record of a log to an item. */
function toRecorded(record: LogRecord, line: number): Recorded {
  const read = readEvent(record)
  const event = isFailure(read) ? {} : { event: read, eventMs: getTimeMs(read) }
  return { line, record, paceMs: record.timestampMs, eventMs: undefined, ...event }
}

class Unparsed {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** Parses a line as JSON. Rejects numbers that a double would change, because the published event must contain the same digits. */
function parseLine(text: string): unknown {
  try {
    return parseExact(text)
  } catch (error) {
    return new Unparsed(isInexact(error) ? error.message : 'not JSON')
  }
}

function getTimeMs({ time }: Event): number | undefined {
  return time === undefined ? undefined : parseTime(time)
}

/**
 * Returns the records of a batch, ordered by their append times.
 *
 * @param name name of the input in messages
 * @throws OperationFailure if the document is not a batch
 */
function readBatchRecords(batch: unknown, name: string): readonly LogRecord[] {
  if (!isBatch(batch))
    throw new OperationFailure(
      `${name}: neither a stream of CloudEvents or records (one JSON document per line) nor a captured batch (JSON with "records")`,
    )
  const partitions = receive(batch)
  const records = partitions.flatMap(({ records }) => records)
  // The order of offsets is preserved, because sorting is stable and append times in a partition never decrease.
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
