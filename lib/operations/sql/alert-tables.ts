/** Defines the tables `alert_events` and `alert_log`, and how alert events are converted to rows. Only builds SQL. Pure. */
import type { AlertEvent } from './alert-event.ts'

type ColumnType = 'VARCHAR' | 'DOUBLE' | 'BIGINT' | 'INTEGER' | 'TIMESTAMP' | 'JSON' | 'MAP(VARCHAR, VARCHAR)'

export interface EventColumn {
  readonly name: string
  readonly type: ColumnType
  /** Returns the column's value for an event. The value of a TIMESTAMP column is in milliseconds since the epoch. */
  readonly of: (event: AlertEvent) => string | number | Readonly<Record<string, string>> | null
}

/** Table into which all events are loaded before duplicates are removed. */
export const LOADED = 'sluice_loaded'

export const EVENT_COLUMNS: readonly EventColumn[] = [
  { name: 'event', type: 'VARCHAR', of: one => one.event },
  { name: 'event_ts', type: 'TIMESTAMP', of: one => one.eventMs },
  { name: 'alert_id', type: 'VARCHAR', of: one => one.alertId },
  { name: 'alert_type', type: 'VARCHAR', of: one => one.rule },
  { name: 'sensor_id', type: 'VARCHAR', of: one => one.subject ?? one.source },
  { name: 'value', type: 'DOUBLE', of: one => one.value },
  { name: 'threshold', type: 'DOUBLE', of: one => one.threshold },
  { name: 'severity', type: 'VARCHAR', of: one => one.severity },
  { name: 'reason', type: 'VARCHAR', of: one => one.reason },
  { name: 'family', type: 'VARCHAR', of: one => one.family },
  { name: 'metric', type: 'VARCHAR', of: one => one.metric },
  { name: 'measured', type: 'DOUBLE', of: one => one.measured },
  { name: 'state', type: 'VARCHAR', of: one => one.state },
  { name: 'labels', type: 'MAP(VARCHAR, VARCHAR)', of: one => one.labels },
  { name: 'source', type: 'VARCHAR', of: one => one.source },
  { name: 'subject', type: 'VARCHAR', of: one => one.subject },
  { name: 'active_ts', type: 'TIMESTAMP', of: one => one.activeMs },
  { name: 'alert_ts', type: 'TIMESTAMP', of: one => one.startedMs },
  { name: 'resolved_ts', type: 'TIMESTAMP', of: one => one.endedMs },
  { name: 'acknowledged_by', type: 'VARCHAR', of: one => one.acknowledgedBy },
  { name: 'acknowledged_comment', type: 'VARCHAR', of: one => one.acknowledgedComment },
  { name: 'summary', type: 'VARCHAR', of: one => one.summary },
  { name: 'trace_id', type: 'VARCHAR', of: one => one.traceId },
  { name: 'fingerprint', type: 'VARCHAR', of: one => one.fingerprint },
  { name: 'event_id', type: 'VARCHAR', of: one => one.eventId },
  { name: 'event_source', type: 'VARCHAR', of: one => one.eventSource },
  { name: 'partition', type: 'INTEGER', of: one => one.partition },
  { name: 'offset', type: 'BIGINT', of: one => one.offset },
  { name: 'data', type: 'JSON', of: one => one.data },
]

export const CREATE_LOADED = `CREATE TABLE ${LOADED} (${EVENT_COLUMNS.map(
  ({ name, type }) => `"${name}" ${type}`,
).join(', ')})`

/** Columns whose values are also in the resolved event. They are known even if the fired event has expired. */
const FACTS = [
  'alert_type',
  'alert_ts',
  'sensor_id',
  'severity',
  'fingerprint',
  'source',
  'subject',
  'family',
  'metric',
  'labels',
  'active_ts',
] as const

const fact = (name: (typeof FACTS)[number]) => `coalesce(fired.${name}, resolved.${name}) AS ${name}`

/** Returns SQL for one event of each alert. All events of an alert are in the same partition. */
const oneEach = (condition: string, order: 'ASC' | 'DESC') =>
  `(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY "offset" ${order}) AS place FROM alert_events
    WHERE ${condition}) WHERE place = 1)`

/** Returns SQL for the first event of a kind for each alert. */
const firstOf = (event: string) => oneEach(`event = '${event}'`, 'ASC')

/** SQL for the last acknowledgement of each alert, unless it was removed. */
const ACKNOWLEDGED = `(SELECT alert_id, event_ts AS acknowledged_ts, acknowledged_by, acknowledged_comment FROM
  ${oneEach(`event IN ('acknowledged', 'acknowledgement-removed')`, 'DESC')} WHERE event = 'acknowledged')`

/** SQL for the rows of `alert_log`. */
const ALERT_LOG = `SELECT
      ${fact('alert_type')}, ${fact('alert_ts')}, ${fact('sensor_id')}, fired.value, ${fact('severity')}, resolved.resolved_ts,
      epoch(resolved.resolved_ts) - epoch(coalesce(fired.alert_ts, resolved.alert_ts)) AS duration_s,
      fired.threshold, fired.reason, resolved.reason AS resolved_reason, resolved.value AS resolved_value,
      ${fact('family')}, ${fact('metric')}, fired.measured, fired.state, ${fact('labels')}, ${fact('source')}, ${fact('subject')},
      ${fact('active_ts')}, acknowledged.acknowledged_ts, acknowledged.acknowledged_by, acknowledged.acknowledged_comment,
      coalesce(fired.summary, resolved.summary) AS summary,
      fired.trace_id, alert_id, ${fact('fingerprint')},
      coalesce(fired."partition", resolved."partition") AS "partition", fired."offset"
    FROM ${firstOf('fired')} AS fired
    FULL JOIN ${firstOf('resolved')} AS resolved USING (alert_id)
    LEFT JOIN ${ACKNOWLEDGED} AS acknowledged USING (alert_id)
    ORDER BY coalesce(fired.alert_ts, resolved.alert_ts), alert_id`

/** SQL statements that create the tables from the loaded events. */
export const CREATE_TABLES: readonly string[] = [
  // Events that were published twice have the same source and id.
  `CREATE TABLE alert_events AS SELECT * FROM ${LOADED}
    QUALIFY row_number() OVER (PARTITION BY event_source, event_id ORDER BY "partition", "offset") = 1
    ORDER BY event_ts, "partition", "offset"`,
  `DROP TABLE ${LOADED}`,
  `CREATE TABLE alert_log AS ${ALERT_LOG}`,
]
