/** Converts events to rows. Pure. */
import { isTimestamp, parseTime } from '#runtime/cloudevents/index.ts'
import { type Delivery, derivedId } from '#runtime/consumer/index.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../alerting/alert.ts'
import { MINUTE_TYPE } from '../analytics/processor.ts'
import { isObject } from '../support/json.ts'
import { type Families, measurements, type ReadingData } from '../telemetry/families.ts'
import {
  ALERT_EVENTS,
  ANALYTICS,
  MINUTE_STATISTICS,
  READINGS,
  type Row,
  type Rows,
  type Table,
} from './table.ts'

/** Returns the types of the events that are stored. */
export function listStoredTypes(families: Families): readonly string[] {
  return [...families.readingTypes, ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, MINUTE_TYPE]
}

/** Event with the position of its record. A redriven event has that of the failed record. */
export type StoredEvent = Pick<Delivery, 'topic' | 'partition' | 'offset' | 'event'>

type Value = Row[number]

/** Maximum length of a text in a key, in bytes of UTF-8. PostgreSQL rejects index entries above 2,704 bytes. */
const MAX_KEY_BYTES = 800
const END_MS = Date.UTC(9999, 11, 31)

/** Returns the rows of events of the types that are stored. Of several rows with the same key, the last or latest version counts. */
export function toRows(families: Families, events: readonly StoredEvent[]): Rows {
  const found = new Map<Table, Map<string, Row>>()
  for (const [table, row] of events.flatMap(stored => listRows(families, stored))) {
    const rows = found.get(table) ?? new Map<string, Row>()
    const at = table.key.length
    const key = row.slice(0, at).join('\0')
    if (!table.version || !(Number(row[at]) < Number(rows.get(key)?.[at]))) rows.set(key, row)
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
  return [[ANALYTICS, toMinuteRow(stored, fields)], ...listStatistics(fields)]
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
    // `traceparent` has the form "version-traceid-spanid-flags" (W3C Trace Context, section 3.2).
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

/** Returns a row for each metric of a minute. Any client can write to the topic, so what lacks one of these values is left out. */
function listStatistics(data: Readonly<Record<string, unknown>>): [Table, Row][] {
  const { entity, revision, metrics } = data
  const startMs = parseInstant(data.windowStart)
  if (!isObject(entity) || typeof entity.source !== 'string' || !isObject(metrics)) return []
  if (startMs === null || !Number.isSafeInteger(revision)) return []
  const sensor = [toKey(entity.source), toKey(toText(entity.subject) ?? '')]
  return Object.entries(toStorablePart(metrics) as object).flatMap(([metric, values]): [Table, Row][] => {
    const { count, mean, minimum, maximum } = isObject(values) ? values : {}
    const numbers = [count, mean, minimum, maximum].map(toNumber)
    const row = [...sensor, toKey(metric), startMs, revision as number, ...numbers]
    return numbers.includes(null) ? [] : [[MINUTE_STATISTICS, row]]
  })
}

function toEmissionKey({ event: { source, id } }: StoredEvent): Row {
  return [toKey(source), toKey(id)]
}

function toPosition({ topic, partition, offset }: StoredEvent): Row {
  return [topic, partition, offset]
}

/** Returns a text that every database stores unchanged. NUL, which PostgreSQL rejects, and lone surrogates become U+FFFD. */
function toStorable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed()
}

/** Returns a text for an index. The end of a text that is too long is replaced by its hash. */
export function toKey(text: string): string {
  const stored = toStorable(text)
  if (Buffer.byteLength(stored) <= MAX_KEY_BYTES) return stored
  return `${toStorable(stored.slice(0, MAX_KEY_BYTES / 8))}…${derivedId(text)}`
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' ? toStorable(value) : null
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

function toStorablePart(part: unknown): unknown {
  if (typeof part === 'string') return toStorable(part)
  if (!isObject(part)) return part
  const stored = new Map<string, unknown>()
  for (const [name, value] of Object.entries(part)) {
    let free = toStorable(name)
    // No member takes the place of another one.
    while (free !== name && (Object.hasOwn(part, free) || stored.has(free))) free += '\u{fffd}'
    stored.set(free, value)
  }
  return Object.fromEntries(stored)
}
