/** Converts events to rows. Pure. */
import { isTimestamp, parseTime } from '#runtime/cloudevents/index.ts'
import type { Delivery } from '#runtime/consumer/index.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../alerting/alert.ts'
import { MINUTE_TYPE } from '../analytics/processor.ts'
import { isObject } from '../support/json.ts'
import { type Families, measurements, type ReadingData } from '../telemetry/families.ts'
import { ALERT_EVENTS, ANALYTICS, READINGS, type Row, type Rows, type Table, MINUTE_STATISTICS } from './table.ts'
import { toKey, toSensorKey, toStorablePart, toText } from './storable-text.ts'

/** Returns the types of the events that are stored. */
export function listStoredTypes(families: Families): readonly string[] {
  return [...families.readingTypes, ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, MINUTE_TYPE]
}

/** Event with the position of its record. A redriven event has that of the failed record. */
export type StoredEvent = Pick<Delivery, 'topic' | 'partition' | 'offset' | 'event'>

type Value = Row[number]

const END_MS = Date.UTC(9999, 11, 31)

/**
 * Returns the rows of events of the types that are stored. Of several rows with the same key, the last one counts, or that with
 * the latest version.
 */
export function toRows(families: Families, events: readonly StoredEvent[]): Rows {
  const found = new Map<Table, Map<string, Row>>()
  for (const [table, row] of events.flatMap(stored => listRows(families, stored))) {
    const rows = found.get(table) ?? new Map<string, Row>()
    const at = table.key.length
    const key = row.slice(0, at).join('\0')
    const isEarlier = table.version !== undefined && Number(row[at]) < Number(rows.get(key)?.[at])
    if (!isEarlier) rows.set(key, row)
    found.set(table, rows)
  }
  return new Map([...found].map(([table, rows]) => [table, [...rows.values()]]))
}

function listRows(families: Families, stored: StoredEvent): [Table, Row][] {
  const { type, data } = stored.event
  const fields = isObject(data) ? data : {}
  const family = families.findByType(type)
  if (family) {
    const values = Object.fromEntries(measurements(family, fields as ReadingData))
    return [[READINGS, toReadingRow(stored, family.name, values, fields.tags)]]
  }
  if (type !== MINUTE_TYPE) return [[ALERT_EVENTS, toAlertRow(stored, fields)]]
  const statistics = listStatistics(fields).map((row): [Table, Row] => [MINUTE_STATISTICS, row])
  return [[ANALYTICS, toMinuteRow(stored, fields)], ...statistics]
}

function toReadingRow(
  { topic, partition, offset, event }: StoredEvent,
  family: string,
  metrics: object,
  tags: unknown,
): Row {
  const { id, source, subject, timeMs } = event
  const sensor = [toKey(source), toText(subject)]
  return [
    topic,
    partition,
    offset,
    toKey(id),
    ...sensor,
    family,
    toTime(timeMs),
    toJson(metrics),
    toJson(tags),
  ]
}

function toAlertRow(stored: StoredEvent, data: Readonly<Record<string, unknown>>): Row {
  const { event } = stored
  const entity = isObject(data.entity) ? data.entity : {}
  return [
    ...toEmissionKey(stored),
    ...[event.type === ALERT_FIRED_TYPE ? 'fired' : 'resolved', toTime(event.timeMs)],
    ...[
      typeof data.alertId === 'string' ? toKey(data.alertId) : null,
      toText(data.rule),
      toNumber(data.value),
      toNumber(data.threshold),
    ],
    ...[toText(data.severity), toText(data.reason), toText(data.family), toText(data.metric)],
    ...[toNumber(data.measured), toText(data.state), toJson(data.labels)],
    ...[toText(entity.source), toText(entity.subject)],
    ...[parseInstant(data.activeAt), parseInstant(data.startedAt), parseInstant(data.endedAt)],
    // `traceparent` has the form `version-traceid-spanid-flags` (W3C Trace Context, section 3.2).
    ...[toText(data.summary), toText(event.extensions?.traceparent?.split('-')[1]), toText(data.fingerprint)],
    ...toPosition(stored),
  ]
}

function toMinuteRow(stored: StoredEvent, data: Readonly<Record<string, unknown>>): Row {
  const entity = isObject(data.entity) ? data.entity : {}
  return [
    ...toEmissionKey(stored),
    ...[toText(entity.source), toText(entity.subject), toText(data.family)],
    ...[parseInstant(data.windowStart), parseInstant(data.windowEnd), toNumber(data.revision)],
    toJson(data.metrics),
    ...toPosition(stored),
  ]
}

/** Returns a row for each metric of a minute. Any client can write to the topic, so members without these numbers are left out. */
function listStatistics({
  entity,
  windowStart,
  revision,
  metrics,
}: Readonly<Record<string, unknown>>): Row[] {
  const startMs = parseInstant(windowStart)
  if (!isObject(entity) || typeof entity.source !== 'string' || !isObject(metrics)) return []
  if (startMs === null || !Number.isSafeInteger(revision)) return []
  const sensor = toSensorKey(entity.source, typeof entity.subject === 'string' ? entity.subject : undefined)
  return Object.entries(toStorablePart(metrics) as object).flatMap(([metric, values]) => {
    const { count, mean, minimum, maximum } = isObject(values) ? values : {}
    const numbers = [count, mean, minimum, maximum].map(toNumber)
    if (numbers.includes(null)) return []
    return [[...sensor, toKey(metric), startMs, revision as number, ...numbers]]
  })
}

function toEmissionKey({ event: { source, id } }: StoredEvent): Row {
  return [toKey(source), toKey(id)]
}

function toPosition({ topic, partition, offset }: StoredEvent): Row {
  return [topic, partition, offset]
}

/** Returns a finite number. Minus zero becomes 0, because not every database stores the difference. */
function toNumber(value: unknown): Value {
  return Number.isFinite(value) ? (value as number) + 0 : null
}

/** Returns a time of the years 1970 to 9999, which every database stores; otherwise null. */
function toTime(timeMs: number): Value {
  return timeMs >= 0 && timeMs < END_MS ? timeMs : null
}

function parseInstant(value: unknown): Value {
  return typeof value === 'string' && isTimestamp(value) ? toTime(parseTime(value)) : null
}

/** Returns JSON that every database stores. Only escaped code points can need another text. */
function toJson(value: unknown): Value {
  if (!isObject(value)) return null
  const text = JSON.stringify(value)
  return text.includes('\\u') ? JSON.stringify(value, (_, part) => toStorablePart(part)) : text
}
