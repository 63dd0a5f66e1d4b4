/** Looks at the newest records of a topic: for types that nothing reads, and for the keys of readings. */

import { isFailure, type LogRecord, readAnyEvent } from '#runtime/cloudevents'
import { formatEntity } from '#runtime/consumer'
import type { Bounds } from '#runtime/operating/kafka'
import type { LogReader } from '#runtime/pipeline'
import type { KeyedOutcome } from '../../../lib/intake/merged-keys.ts'
import { readRecords } from '../../../lib/log/read-records.ts'
import { type Families, listEventTypes } from '../../../lib/telemetry/index.ts'
import { getTimeMs } from '../alerts/alerts-topic.ts'
import { selectNewest } from './newest-ranges.ts'

export interface UnknownType {
  readonly type: string
  /** Number of the newest records that have it. */
  readonly count: number
  readonly topic: string
}

/** Number of the newest records that are read. */
const SEARCHED_RECORDS = 200

/** Returns the newest records of a topic. @throws the errors of `readRecords` */
export async function readNewest(
  log: LogReader,
  topic: string,
  bounds: readonly Bounds[],
): Promise<readonly LogRecord[]> {
  const all = bounds.map(({ start, end }, partition) => ({ topic, partition, start, end }))
  const records: LogRecord[] = []
  for await (const record of readRecords(log, selectNewest(all, SEARCHED_RECORDS).ranges))
    records.push(record)
  return records
}

/** Returns the readings among records, with their keys and partitions. */
export function listKeyedReadings(families: Families, records: readonly LogRecord[]): KeyedOutcome[] {
  return readReadings(families, records).map(
    ({ record, event }) => [record.key, event, record.partition] as const,
  )
}

/** Returns the readings among records, with their times. */
export function listTimedReadings(families: Families, records: readonly LogRecord[]) {
  return readReadings(families, records).map(({ record, event }) => ({
    entity: formatEntity(event).trim(),
    timeMs: getTimeMs({ event, record }),
    appendMs: record.timestampMs,
    offset: record.offset,
  }))
}

function readReadings(families: Families, records: readonly LogRecord[]) {
  return records.flatMap(record => {
    const event = readAnyEvent(record, () => true)
    return isFailure(event) || families.findByType(event.type) === undefined ? [] : [{ record, event }]
  })
}

/** Returns the types of records of a topic that no family has, the most frequent first. */
export function findUnknownTypes(
  families: Families,
  topic: string,
  records: readonly LogRecord[],
): readonly UnknownType[] {
  const known = listEventTypes(families)
  const counts = new Map<string, number>()
  for (const record of records) {
    const event = readAnyEvent(record, () => true)
    if (!isFailure(event) && !known.has(event.type)) counts.set(event.type, (counts.get(event.type) ?? 0) + 1)
  }
  return [...counts].map(([type, count]) => ({ type, count, topic })).toSorted((a, b) => b.count - a.count)
}

/** Returns what nothing reads, and what to do about it. */
export function describeUnknownType({
  type,
  count,
  topic,
}: UnknownType): readonly [says: string, todo: string] {
  const shown = type.slice(0, 100)
  return [
    `${count} of the newest records have the type ${shown}, which no family has, so nothing reads them`,
    `Write "type: ${shown}" and "from: event" into a family, as in config/families/README.md, or map them: write "inputs: [{ topic: ${topic} }]" into config/inputs.yaml, and give readings another name with "KAFKA_TOPIC=${topic}.readings".`,
  ]
}
