/** Reads a captured Lambda event of a Kafka event source, either MSK or self-managed. Pure. */
import { isObject } from '../../lib/json.ts'
import { isBase64 } from '../../packages/runtime/cloudevents/json-format.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { type KafkaEventRecord, toLogRecord } from '../../packages/runtime/pipeline/batch/receive.ts'

/** Allowed values of `eventSource`. Lambda uses the first two. The third occurs in test data of some libraries. */
const SOURCES: ReadonlySet<unknown> = new Set(['aws:kafka', 'SelfManagedKafka', 'aws:SelfManagedKafka'])

/**
 * Returns the records of the event in order, including repeated records.
 *
 * @returns the records, or the reason why the document is not such an event. The reason does not quote the document.
 */
export function capturedRecords(document: unknown): readonly LogRecord[] | string {
  if (!isObject(document)) return 'it is not a JSON object'
  if (!SOURCES.has(document.eventSource)) return '"eventSource" is neither "aws:kafka" nor "SelfManagedKafka"'
  if (!isObject(document.records)) return '"records" is not an object with a list for each partition'
  const records: LogRecord[] = []
  for (const [group, entries] of Object.entries(document.records)) {
    const where = `records[${JSON.stringify(group.slice(0, 300))}]`
    if (!Array.isArray(entries)) return `${where} is not a list`
    for (const [index, entry] of entries.entries()) {
      const wrong = wrongIn(entry)
      if (wrong) return `${where}[${index}]: ${wrong}`
      records.push(toLogRecord(entry))
    }
  }
  return records.length > 0 ? records : '"records" contains no record'
}

/** Returns an error message for an invalid record; undefined for a valid one. */
function wrongIn(record: unknown): string | undefined {
  if (!isObject(record)) return 'it is not an object'
  const { topic, partition, offset, key, value, headers } = record as {
    [Name in keyof KafkaEventRecord]: unknown
  }
  if (typeof topic !== 'string' || topic === '') return '"topic" is not the name of a topic'
  if (!isCount(partition)) return '"partition" is not a whole number from 0 on'
  if (!isCount(offset)) return '"offset" is not a whole number from 0 on'
  if (!isBytes(key, record.keySchemaMetadata)) return '"key" is not base64'
  if (!isBytes(value, record.valueSchemaMetadata)) return '"value" is not base64'
  if (headers === undefined || headers === null) return undefined
  if (!Array.isArray(headers)) return '"headers" is not a list'
  const wrong = headers.findIndex(entry => !isObject(entry) || !Object.values(entry).every(isHeaderValue))
  return wrong < 0 ? undefined : `"headers"[${wrong}] is not an object of a name and its bytes`
}

/** Returns whether a key or value is valid. It may be a JSON object if Lambda has decoded it with a schema. */
function isBytes(content: unknown, schema: unknown): boolean {
  if (content === undefined || content === null) return true
  return typeof content === 'string' ? isBase64(content) : isObject(schema) && typeof content === 'object'
}

/**
 * Returns whether a header value is valid. It is a list of bytes, which may be signed. A header that is null in Kafka has no list.
 */
function isHeaderValue(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isByte) : typeof value === 'object'
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= -128 && (value as number) <= 255
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
