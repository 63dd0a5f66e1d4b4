/** Defines the tables `alert_events` and `alert_log`, which follow from the view `alerts`. Only builds SQL. Pure. */

/** Returns the time in a column that contains RFC 3339 text, in UTC. NULL for any other text. */
function castToTime(column: string): string {
  return `try_cast("${column}" AS TIMESTAMPTZ) AT TIME ZONE 'UTC'`
}

/** Columns of `alert_events`, with their expressions over the view `alerts`, unless it has the same column. */
const EVENT_COLUMNS: readonly (readonly [name: string, expression?: string])[] = [
  [
    'event',
    `coalesce(nullif(regexp_extract("type", '^io\\.sluice\\.alert\\.([a-z-]+)\\.v\\d+$', 1), ''), "type")`,
  ],
  ['event_ts', 'coalesce("time", "timestamp")'],
  ['alert_id'],
  ['alert_type', '"rule"'],
  ['sensor_id', 'coalesce("entity_subject", "entity_source")'],
  ...columns('value', 'threshold', 'severity', 'reason', 'family', 'metric', 'measured', 'state'),
  ['labels', 'coalesce(try_cast(try_cast("labels" AS JSON) AS MAP(VARCHAR, VARCHAR)), MAP {})'],
  ['source', '"entity_source"'],
  ['subject', '"entity_subject"'],
  ['active_ts', castToTime('active_at')],
  ['alert_ts', castToTime('started_at')],
  ['resolved_ts', castToTime('ended_at')],
  ['summary'],
  ['trace_id', `nullif(split_part("traceparent", '-', 2), '')`],
  ['fingerprint'],
  ['event_id', '"id"'],
  ['event_source', '"source"'],
  ...columns('partition', 'offset'),
]

function columns(...names: readonly string[]): (readonly [name: string])[] {
  return names.map(name => [name])
}

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

const selectFact = (name: (typeof FACTS)[number]) => `coalesce(fired.${name}, resolved.${name}) AS ${name}`

/** Returns SQL for the first event of a kind for each alert. All events of an alert are in the same partition. */
const selectFirst = (event: string) =>
  `(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY alert_id ORDER BY "offset") AS place FROM alert_events
    WHERE event = '${event}') WHERE place = 1)`

/** SQL for the rows of `alert_log`. */
const ALERT_LOG = `SELECT
      ${selectFact('alert_type')}, ${selectFact('alert_ts')}, ${selectFact('sensor_id')}, fired.value, ${selectFact('severity')}, resolved.resolved_ts,
      epoch(resolved.resolved_ts) - epoch(coalesce(fired.alert_ts, resolved.alert_ts)) AS duration_s,
      fired.threshold, fired.reason, resolved.reason AS resolved_reason, resolved.value AS resolved_value,
      ${selectFact('family')}, ${selectFact('metric')}, fired.measured, fired.state, ${selectFact('labels')}, ${selectFact('source')}, ${selectFact('subject')},
      ${selectFact('active_ts')}, coalesce(fired.summary, resolved.summary) AS summary,
      fired.trace_id, alert_id, ${selectFact('fingerprint')},
      coalesce(fired."partition", resolved."partition") AS "partition", fired."offset"
    FROM ${selectFirst('fired')} AS fired
    FULL JOIN ${selectFirst('resolved')} AS resolved USING (alert_id)
    ORDER BY coalesce(fired.alert_ts, resolved.alert_ts), alert_id`

/** SQL statements that create the tables. */
export const CREATE_TABLES: readonly string[] = [
  // Events that were published twice have the same source and id.
  `CREATE TABLE alert_events AS SELECT * FROM (
      SELECT ${EVENT_COLUMNS.map(([name, expression = `"${name}"`]) => `${expression} AS "${name}"`).join(', ')}
      FROM alerts WHERE alert_id IS NOT NULL)
    QUALIFY row_number() OVER (PARTITION BY event_source, event_id ORDER BY "partition", "offset") = 1
    ORDER BY event_ts, "partition", "offset"`,
  `CREATE TABLE alert_log AS ${ALERT_LOG}`,
]
