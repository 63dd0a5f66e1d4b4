/** Tables of the storage: their columns, and the value that each has for an event. Pure. */
import type { Delivery } from '#runtime/consumer'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../alerting/alert.ts'
import { type ColumnType, type StorableValue, toInteger, toKey, toMs, toText } from './values.ts'

/** Source of the values of a row. */
export interface RowSource extends Pick<Delivery, 'topic' | 'partition' | 'offset' | 'event'> {
  /** Data of the event or, for a row of a part of it, of that part. */
  readonly data: Readonly<Record<string, unknown>>
  /** Source and subject of the sensor. */
  readonly entity: Readonly<Record<string, unknown>>
}

export type StorageColumn = readonly [
  name: string,
  type: ColumnType,
  description: string,
  /** Returns the value, which its type makes storable. */
  toValue: (source: RowSource) => unknown,
  /** Number of the migration that adds it, if it is later than that of the table. */
  since?: number,
]

export interface Table {
  readonly name: string
  readonly description: string
  /** Number of the migration that creates it; 1 by default. */
  readonly since?: number
  /** Names of the columns that identify a row. They are the first columns, in this order. */
  readonly key: readonly string[]
  /** Column after the key: a row with a higher one replaces a row with a lower one, never the reverse. */
  readonly version?: string
  /** True if the rows follow from those of another table, so that they are not counted. */
  readonly isDerived?: true
  /** Columns that may be empty. A row that lacks another value is left out: any client can write to the topic. All may be, by default. */
  readonly optional?: readonly string[]
  readonly columns: readonly StorageColumn[]
  /** Further indexes. `since` is the number of the migration that adds one, if it is later than that of the table. */
  readonly indexes: readonly (readonly [name: string, columns: string, since?: number])[]
}

/** Values of a row, in the order of the columns. */
export type StorageRow = readonly StorableValue[]

/** Rows to write, with one row for each key. */
export type Rows = ReadonlyMap<Table, readonly StorageRow[]>

/** Columns for the position of a record. */
const POSITION: readonly StorageColumn[] = [
  ['topic', 'TEXT', 'Topic of the record', ({ topic }) => topic],
  ['partition', 'INTEGER', 'Partition of the record', ({ partition }) => partition],
  ['offset', 'INTEGER', 'Offset of the record', ({ offset }) => offset],
]
const EMISSION: readonly StorageColumn[] = [
  ['event_source', 'TEXT', 'CloudEvents source of the event', ({ event }) => toKey(event.source)],
  ['event_id', 'TEXT', 'CloudEvents id of the event', ({ event }) => toKey(event.id)],
]
const SENSOR: readonly StorageColumn[] = [
  ['source', 'TEXT', 'CloudEvents source of the sensor', ({ entity }) => entity.source],
  ['subject', 'TEXT', 'CloudEvents subject of the sensor', ({ entity }) => entity.subject],
]
/** Columns of the sensor in a key, which has no NULL. */
const KEY_SENSOR: readonly StorageColumn[] = [
  ['source', 'TEXT', 'CloudEvents source of the sensor', ({ entity }) => toKey(entity.source)],
  [
    'subject',
    'TEXT',
    'CloudEvents subject of the sensor; empty without one',
    ({ entity }) => toKey(toText(entity.subject) ?? ''),
  ],
]
/** Version of a row about minutes. */
const REVISION: StorageColumn = [
  'revision',
  'INTEGER',
  'Number of the revision; a higher one includes late readings',
  ({ data }) => toInteger(data.revision),
]

const EVENTS: Readonly<Record<string, string>> = {
  [ALERT_FIRED_TYPE]: 'fired',
  [ALERT_RESOLVED_TYPE]: 'resolved',
}

export const READINGS: Table = {
  name: 'readings',
  description: 'Readings of all families',
  key: ['topic', 'partition', 'offset', 'id'],
  columns: [
    ...POSITION,
    ['id', 'TEXT', 'CloudEvents id of the reading', ({ event }) => toKey(event.id)],
    ...SENSOR,
    ['family', 'TEXT', 'Telemetry family', ({ data }) => data.family],
    ['event_ts', 'TIMESTAMP', 'Event time', ({ event }) => event.timeMs],
    ['metrics', 'JSON', 'Values by metric', ({ data }) => data.metrics],
    ['tags', 'JSON', 'Tags', ({ data }) => data.tags],
    ['states', 'JSON', 'Values by state; NULL without any, and in older rows', ({ data }) => data.states, 5],
  ],
  indexes: [['event_ts', '"event_ts"']],
}

/** Index of the alerts of a sensor. A CloudEvents attribute may be longer than an entry of an index. */
export const ALERT_INDEX = `substr("source", 1, 200), substr(coalesce("subject", ''), 1, 200)`

export const ALERT_EVENTS: Table = {
  name: 'alert_events',
  description: 'Alerts that fired and resolved, a row for each event',
  key: ['event_source', 'event_id'],
  columns: [
    ...EMISSION,
    ['event', 'TEXT', 'fired or resolved', ({ event }) => EVENTS[event.type]],
    ['event_ts', 'TIMESTAMP', 'Event time', ({ event }) => event.timeMs],
    [
      'alert_id',
      'TEXT',
      'Id of the alert, the same in both of its events',
      ({ data }) => toKey(data.alertId),
    ],
    ['alert_type', 'TEXT', 'Rule', ({ data }) => data.rule],
    ['value', 'REAL', 'Value that fired or resolved the alert', ({ data }) => data.value],
    ['threshold', 'REAL', 'Threshold that was crossed', ({ data }) => data.threshold],
    ['severity', 'TEXT', 'Severity', ({ data }) => data.severity],
    ['reason', 'TEXT', 'Reason for firing or resolving', ({ data }) => data.reason],
    ['family', 'TEXT', 'Telemetry family', ({ data }) => data.family],
    ['metric', 'TEXT', 'Metric', ({ data }) => data.metric],
    ['measured', 'REAL', 'Measured value, if the rule compares a derived one', ({ data }) => data.measured],
    ['state', 'TEXT', 'State that fired the alert, for a rule about states', ({ data }) => data.state],
    ['labels', 'JSON', 'Labels of the rule', ({ data }) => data.labels],
    ...SENSOR,
    ['active_ts', 'TIMESTAMP', 'Time since which the condition held', ({ data }) => toMs(data.activeAt)],
    ['alert_ts', 'TIMESTAMP', 'Time at which the alert fired', ({ data }) => toMs(data.startedAt)],
    ['resolved_ts', 'TIMESTAMP', 'Time at which the alert resolved', ({ data }) => toMs(data.endedAt)],
    ['summary', 'TEXT', 'Summary', ({ data }) => data.summary],
    [
      'trace_id',
      'TEXT',
      'Trace of the reading that caused the event',
      ({ event }) => event.extensions?.traceparent?.split('-')[1],
    ],
    [
      'fingerprint',
      'TEXT',
      'Id of rule and sensor, the same for all their alerts',
      ({ data }) => data.fingerprint,
    ],
    ...POSITION,
  ],
  indexes: [
    ['alert_id', '"alert_id"'],
    ['alert_ts', '"alert_ts"'],
    ['sensor', ALERT_INDEX, 3],
  ],
}

export const ANALYTICS: Table = {
  name: 'analytics',
  description: 'Statistics of the minutes of each sensor, with every revision',
  key: ['event_source', 'event_id'],
  columns: [
    ...EMISSION,
    ...SENSOR,
    ['family', 'TEXT', 'Telemetry family', ({ data }) => data.family],
    ['window_start', 'TIMESTAMP', 'Start of the minute', ({ data }) => toMs(data.windowStart)],
    ['window_end', 'TIMESTAMP', 'End of the minute, exclusive', ({ data }) => toMs(data.windowEnd)],
    [
      'revision',
      'INTEGER',
      'Number of the revision; a higher one includes late readings',
      ({ data }) => data.revision,
    ],
    ['metrics', 'JSON', 'Statistics by metric', ({ data }) => data.metrics],
    ...POSITION,
  ],
  indexes: [['window_start', '"window_start"']],
}

/** Minutes of `analytics`, ordered for charts: those of a metric lie side by side, without the other metrics of the sensor. */
export const MINUTE_STATISTICS: Table = {
  name: 'minute_statistics',
  description: 'Statistics of the minutes of each sensor and metric, in the latest revision',
  since: 3,
  key: ['source', 'subject', 'metric', 'window_start'],
  version: 'revision',
  isDerived: true,
  optional: ['stddev', 'increase'],
  columns: [
    ...KEY_SENSOR,
    ['metric', 'TEXT', 'Metric', ({ data }) => toKey(data.metric)],
    ['window_start', 'TIMESTAMP', 'Start of the minute', ({ data }) => toMs(data.windowStart)],
    REVISION,
    ['count', 'REAL', 'Number of readings with the metric', ({ data }) => data.count],
    ['mean', 'REAL', 'Mean of the values', ({ data }) => data.mean],
    ['min', 'REAL', 'Smallest value', ({ data }) => data.minimum],
    ['max', 'REAL', 'Largest value', ({ data }) => data.maximum],
    [
      'stddev',
      'REAL',
      'Standard deviation of the values (sample); of a direction, the angular deviation; NULL in older rows',
      ({ data }) => data.standardDeviation,
      4,
    ],
    ['increase', 'REAL', 'What a counter has risen; NULL for others', ({ data }) => data.increase, 4],
  ],
  indexes: [],
}

export const STATE_STATISTICS: Table = {
  name: 'state_statistics',
  description: 'Time of each sensor and state in each value, by range of minutes, in the latest revision',
  since: 5,
  key: ['source', 'subject', 'state', 'window_start'],
  version: 'revision',
  optional: ['value'],
  columns: [
    ...KEY_SENSOR,
    ['state', 'TEXT', 'State', ({ data }) => toKey(data.state)],
    ['window_start', 'TIMESTAMP', 'Start of the first minute', ({ data }) => toMs(data.windowStart)],
    REVISION,
    ['window_end', 'TIMESTAMP', 'End of the last minute, exclusive', ({ data }) => toMs(data.windowEnd)],
    [
      'seconds',
      'JSON',
      'Seconds by value; in the rest of the range, it is unknown',
      ({ data }) => data.seconds,
    ],
    ['value', 'TEXT', 'Value at the end; NULL if it is unknown', ({ data }) => data.value],
    ['since', 'TIMESTAMP', 'Time since which that value holds or is unknown', ({ data }) => toMs(data.since)],
  ],
  indexes: [['window_start', '"window_start"']],
}

export const TABLES: readonly Table[] = [
  READINGS,
  ALERT_EVENTS,
  ANALYTICS,
  MINUTE_STATISTICS,
  STATE_STATISTICS,
]
