/** Decodes packed records into an event, in the thread of a handler. The module has few imports, because each thread loads it. */
import { type LambdaEvent, type LambdaRecord, partitionName } from './event.ts'
import type { EventHead } from './event-content.ts'
import { createView, HEAD, LOG_APPEND_TIME, readFields, readHeaders, readSchemas } from './packed-layout.ts'

/** Returns the event for the handler. It is equal to the parsed JSON of the same event. */
export function readEvent(bytes: Buffer, head: EventHead): LambdaEvent {
  const { eventSource, eventSourceArn, bootstrapServers, topic, parts } = head
  const records: Record<string, LambdaRecord[]> = {}
  const view = createView(bytes)
  let at = 0
  for (const [partition, count] of parts) {
    const place = { topic, partition }
    const list: LambdaRecord[] = []
    for (let n = 0; n < count; n += 1) {
      list.push(readRecord(bytes, view, at, place))
      at = findNext(view, at)
    }
    records[partitionName(topic, partition)] = list
  }
  return {
    eventSource,
    ...(eventSourceArn !== undefined && { eventSourceArn }),
    bootstrapServers,
    records,
  }
}

function findNext(view: DataView, start: number): number {
  return start + view.getInt32(start + HEAD.length, true)
}

/**
 * Returns the record at this position. It is equal to the parsed result of `recordJson`. See rules 12 and 13 in `RULES.md`.
 *
 * @param view view of these bytes
 */
function readRecord(
  bytes: Buffer,
  view: DataView,
  start: number,
  { topic, partition }: Pick<LambdaRecord, 'topic' | 'partition'>,
): LambdaRecord {
  const of = readFields(view, start)
  const schemas = readSchemas(bytes, of)
  const headers = readHeaders(bytes, of, (at, length) =>
    length < 0 ? {} : readSignedBytes(bytes, at, at + length),
  )
  const record: { -readonly [Key in keyof LambdaRecord]: LambdaRecord[Key] } = {
    topic,
    partition,
    offset: of.offset,
    timestamp: of.timestamp,
    timestampType: of.flags & LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    headers: headers.map(([name, list]) => ({ [name]: list })),
  }
  if (of.keyLength >= 0) record.key = bytes.toString('base64', of.keyAt, of.keyAt + of.keyLength)
  if (schemas[0]) record.keySchemaMetadata = schemas[0]
  if (of.valueLength >= 0) record.value = bytes.toString('base64', of.valueAt, of.valueAt + of.valueLength)
  if (schemas[1]) record.valueSchemaMetadata = schemas[1]
  return record
}

/** Returns the bytes as signed integers. See rule 13 in `RULES.md`. */
function readSignedBytes(bytes: Buffer, start: number, end: number): number[] {
  // Of the right length from the start: a list that grows leaves twice as much behind.
  const list = new Array<number>(end - start)
  for (let at = start; at < end; at += 1) list[at - start] = bytes.readInt8(at)
  return list
}
