/** Shape of the tables of the storage, and of their rows. Pure. */

/** Type of a column. A TIMESTAMP is in milliseconds since the epoch, and JSON is its text. */
export type ColumnType = 'TEXT' | 'INTEGER' | 'REAL' | 'TIMESTAMP' | 'JSON'

export type Column = readonly [name: string, type: ColumnType, description: string]

export interface Table {
  readonly name: string
  readonly description: string
  /** Names of the columns that identify a row. They are the first columns, in this order. */
  readonly key: readonly string[]
  /** Column after the key, for rows that follow from those of another table: a higher one replaces a lower one, never the reverse. */
  readonly version?: string
  readonly columns: readonly Column[]
  /** Further columns with an index. */
  readonly indexes: readonly string[]
}

/** Values of a row, in the order of the columns. */
export type Row = readonly (string | number | null)[]

/** Rows to write, with one row for each key. */
export type Rows = ReadonlyMap<Table, readonly Row[]>

/** Columns for the position of a record. */
const POSITION: readonly Column[] = [
  ['topic', 'TEXT', 'Topic of the record'],
  ['partition', 'INTEGER', 'Partition of the record'],
  ['offset', 'INTEGER', 'Offset of the record'],
]
const EMISSION: readonly Column[] = [
  ['event_source', 'TEXT', 'CloudEvents source of the event'],
  ['event_id', 'TEXT', 'CloudEvents id of the event'],
]
const SENSOR: readonly Column[] = [
  ['source', 'TEXT', 'CloudEvents source of the sensor'],
  ['subject', 'TEXT', 'CloudEvents subject of the sensor'],
]

export const READINGS: Table = {
  name: 'readings',
  description: 'Readings of all families',
  key: ['topic', 'partition', 'offset', 'id'],
  columns: [
    ...POSITION,
    ['id', 'TEXT', 'CloudEvents id of the reading'],
    ...SENSOR,
    ['family', 'TEXT', 'Telemetry family'],
    ['event_ts', 'TIMESTAMP', 'Event time'],
    ['metrics', 'JSON', 'Values by metric'],
    ['tags', 'JSON', 'Tags'],
  ],
  indexes: ['event_ts'],
}

export const ALERT_EVENTS: Table = {
  name: 'alert_events',
  description: 'Alerts that fired and resolved, a row for each event',
  key: ['event_source', 'event_id'],
  columns: [
    ...EMISSION,
    ['event', 'TEXT', 'fired or resolved'],
    ['event_ts', 'TIMESTAMP', 'Event time'],
    ['alert_id', 'TEXT', 'Id of the alert, the same in both of its events'],
    ['alert_type', 'TEXT', 'Rule'],
    ['value', 'REAL', 'Value that fired or resolved the alert'],
    ['threshold', 'REAL', 'Threshold that was crossed'],
    ['severity', 'TEXT', 'Severity'],
    ['reason', 'TEXT', 'Reason for firing or resolving'],
    ['family', 'TEXT', 'Telemetry family'],
    ['metric', 'TEXT', 'Metric'],
    ['measured', 'REAL', 'Measured value, if the rule compares a derived one'],
    ['state', 'TEXT', 'State that fired the alert, for a rule about states'],
    ['labels', 'JSON', 'Labels of the rule'],
    ...SENSOR,
    ['active_ts', 'TIMESTAMP', 'Time since which the condition held'],
    ['alert_ts', 'TIMESTAMP', 'Time at which the alert fired'],
    ['resolved_ts', 'TIMESTAMP', 'Time at which the alert resolved'],
    ['summary', 'TEXT', 'Summary'],
    ['trace_id', 'TEXT', 'Trace of the reading that caused the event'],
    ['fingerprint', 'TEXT', 'Id of rule and sensor, the same for all their alerts'],
    ...POSITION,
  ],
  indexes: ['alert_id', 'alert_ts'],
}

export const ANALYTICS: Table = {
  name: 'analytics',
  description: 'Statistics of the minutes of each sensor, with every revision',
  key: ['event_source', 'event_id'],
  columns: [
    ...EMISSION,
    ...SENSOR,
    ['family', 'TEXT', 'Telemetry family'],
    ['window_start', 'TIMESTAMP', 'Start of the minute'],
    ['window_end', 'TIMESTAMP', 'End of the minute, exclusive'],
    ['revision', 'INTEGER', 'Number of the revision; a higher one includes late readings'],
    ['metrics', 'JSON', 'Statistics by metric'],
    ...POSITION,
  ],
  indexes: ['window_start'],
}

/** Tables of the first migration. */
export const TABLES: readonly Table[] = [READINGS, ALERT_EVENTS, ANALYTICS]

/** Minutes of `analytics`, ordered for charts: those of a metric lie side by side, without the other metrics of the sensor. */
export const MINUTE_STATISTICS: Table = {
  name: 'minute_statistics',
  description: 'Statistics of the minutes of each sensor and metric, in the latest revision',
  key: ['source', 'subject', 'metric', 'window_start'],
  version: 'revision',
  columns: [
    ['source', 'TEXT', 'CloudEvents source of the sensor'],
    ['subject', 'TEXT', 'CloudEvents subject of the sensor; empty without one'],
    ['metric', 'TEXT', 'Metric'],
    ['window_start', 'TIMESTAMP', 'Start of the minute'],
    ['revision', 'INTEGER', 'Number of the revision; a higher one includes late readings'],
    ['count', 'REAL', 'Number of readings with the metric'],
    ['mean', 'REAL', 'Mean of the values'],
    ['min', 'REAL', 'Smallest value'],
    ['max', 'REAL', 'Largest value'],
  ],
  indexes: [],
}
