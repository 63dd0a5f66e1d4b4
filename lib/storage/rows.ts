/** Converts events to rows. Pure. */
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../alerting/alert.ts'
import { STATE_TYPE } from '../analytics/entity-states.ts'
import { MINUTE_TYPE } from '../analytics/processor.ts'
import { isObject } from '../support/json.ts'
import { type Families, measurements, observations, type ReadingData } from '../telemetry/families.ts'
import {
  ALERT_EVENTS,
  ANALYTICS,
  MINUTE_STATISTICS,
  READINGS,
  type RowSource,
  type Rows,
  STATE_STATISTICS,
  type StorageRow,
  type Table,
} from './table.ts'
import { STORABLE, toKey, toStorablePart } from './values.ts'

/** Returns the types of the events that are stored. */
export function listStoredTypes(families: Families): readonly string[] {
  return [...families.readingTypes, ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, MINUTE_TYPE, STATE_TYPE]
}

/** Event with the position of its record. A redriven event has that of the failed record. */
export type StoredEvent = Omit<RowSource, 'data' | 'entity'>

/** Returns the rows of events of the types that are stored. Of several rows with the same key, the last or latest version counts. */
export function toRows(families: Families, events: readonly StoredEvent[]): Rows {
  const found = new Map<Table, Map<string, StorageRow>>()
  for (const [table, source] of events.flatMap(stored => listSources(families, stored))) {
    const row = table.columns.map(([, type, , toValue]) => STORABLE[type](toValue(source)))
    const { optional } = table
    if (optional && table.columns.some(([name], at) => row[at] === null && !optional.includes(name))) continue
    const rows = found.get(table) ?? new Map<string, StorageRow>()
    const at = table.key.length
    const key = row.slice(0, at).join('\0')
    if (!table.version || !(Number(row[at]) < Number(rows.get(key)?.[at]))) rows.set(key, row)
    found.set(table, rows)
  }
  return new Map([...found].map(([table, rows]) => [table, [...rows.values()]]))
}

/** Returns the tables in which an event has rows, each with what a row is made of. */
function listSources(families: Families, stored: StoredEvent): [Table, RowSource][] {
  const { type, source, subject, data: given } = stored.event
  const data = isObject(given) ? given : {}
  const family = families.findByType(type)
  if (family) {
    const metrics = Object.fromEntries(measurements(family, data as ReadingData))
    const observed = observations(family, data as ReadingData)
    const states = observed.length > 0 ? Object.fromEntries(observed) : null
    const entity = { source: toKey(source), subject }
    return [
      [READINGS, { ...stored, data: { family: family.name, metrics, tags: data.tags, states }, entity }],
    ]
  }
  const entity = isObject(data.entity) ? data.entity : {}
  const event = { ...stored, data, entity }
  if (type === STATE_TYPE) return [[STATE_STATISTICS, event]]
  if (type !== MINUTE_TYPE) return [[ALERT_EVENTS, event]]
  const metrics = isObject(data.metrics) ? toStorablePart(data.metrics) : {}
  const statistics = Object.entries(metrics as object).map(([metric, values]): [Table, RowSource] => {
    const { windowStart, revision } = data
    return [MINUTE_STATISTICS, { ...event, data: { ...values, windowStart, revision, metric } }]
  })
  return [[ANALYTICS, event], ...statistics]
}
