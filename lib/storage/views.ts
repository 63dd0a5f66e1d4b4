/** Views of the storage, as SQL for every database. Pure. */
import { ALERT_EVENTS, type Table } from './table.ts'
import type { ColumnType } from './values.ts'

/** SQL in which the databases differ. */
export interface Dialect {
  /** Types of columns. */
  readonly types: Readonly<Record<ColumnType, string>>
  /** Prefix of tables and views. */
  readonly schema: string
  /** Function that returns `key` and `value` of each member of a JSON object. */
  readonly eachMember: string
  /** Returns the number in a member, or in a field of the object that the member is; NULL for other values. */
  number(field?: string): string
  /** Returns the start of the hour or day, UTC. */
  startOf(window: 'hour' | 'day', column: string): string
  /** Returns the time between two columns, in seconds. */
  secondsBetween(from: string, to: string): string
  /** Returns the population's standard deviation; `mean` is the mean of the group in each row. */
  deviation(value: string, mean: string): string
  /** Clause at the end of the definition of a table. */
  readonly tableOptions: string
  /** Returns the clause after a key that keeps further columns beside it. */
  include(names: string): string
  /** Returns the statements that store the descriptions of a table or view, and of its columns. */
  describe(kind: 'TABLE' | 'VIEW', relation: Table | View): readonly string[]
  /** Returns the statements that create a view, or replace an earlier version of it. */
  replaceView(name: string, query: string): readonly string[]
  /** Statements after those that create tables and views. They can be repeated. */
  readonly more: readonly string[]
}

/** View with its columns: name, SQL and description. */
export interface View {
  readonly name: string
  readonly description: string
  readonly columns: readonly (readonly [name: string, sql: string, description: string])[]
  /** SQL from FROM on. */
  readonly from: string
}

const SENSOR_ID = 'coalesce(subject, source)'
const SENSOR: View['columns'] = [
  ['source', 'source', 'CloudEvents source of the sensor'],
  ['subject', 'subject', 'CloudEvents subject of the sensor'],
  ['sensor_id', SENSOR_ID, 'Subject or, without one, source of the sensor'],
]
/** Sensor in a view over another view. */
const NAMED_SENSOR = SENSOR.map(([name, , description]) => [name, name, description] as const)
const FAMILY: View['columns'][number] = ['family', 'family', 'Telemetry family']
const METRIC: View['columns'][number] = ['metric', 'metric', 'Metric']

/** Returns all views. A view follows those on which it depends. */
export function buildViews(dialect: Dialect): readonly View[] {
  const windows = ['hour', 'day'] as const
  return [
    buildMeasurements(dialect),
    ...windows.map(window => buildReadingStatistics(dialect, window)),
    buildMinutes(dialect),
    buildStateMinutes(dialect),
    ...windows.map(window => buildStateTimes(dialect, window)),
    buildAlertLog(dialect),
    ...windows.map(window => buildAlertStatistics(dialect, window)),
  ]
}

export function quoteNames(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ')
}

function buildMeasurements({ schema, eachMember, number }: Dialect): View {
  return {
    name: 'measurements',
    description: 'Readings, a row for each metric',
    columns: [
      ...SENSOR,
      FAMILY,
      ['event_ts', 'event_ts', 'Event time'],
      ['metric', 'item.key', 'Metric'],
      ['value', number(), 'Value'],
    ],
    from: `FROM ${schema}readings AS readings, ${eachMember}(readings.metrics) AS item`,
  }
}

/**
 * Largest magnitude of a value in sums, means and deviations, as in our own statistics. PostgreSQL would end the query for all sensors
 * if a sum, or the square of a distance, exceeded the range of its type.
 */
const MAX_MAGNITUDE = '1e100'

/**
 * What each metric has risen in each window. A fall is a restart, after which the device has counted from 0, and of readings with
 * equal times the first in the log counts: as in our own statistics of counters.
 */
function queryIncreases({ schema, eachMember, number, startOf }: Dialect, window: 'hour' | 'day'): string {
  const metric = `source, coalesce(subject, ''), family, metric`
  return `SELECT source AS of_source, coalesce(subject, '') AS of_subject, family AS of_family, metric AS of_metric,
      ${startOf(window, 'event_ts')} AS of_window,
      sum(CASE WHEN value >= before THEN value - before WHEN before IS NULL OR value < 0 THEN 0 ELSE value END) AS increase
    FROM (SELECT *, lag(value) OVER (PARTITION BY ${metric} ORDER BY event_ts) AS before
      FROM (SELECT *, row_number() OVER (PARTITION BY ${metric}, event_ts ORDER BY topic, "partition", "offset", id) AS place
        FROM (SELECT source, subject, family, event_ts, topic, "partition", "offset", readings.id, item.key AS metric, ${number()} AS value
          FROM ${schema}readings AS readings, ${eachMember}(readings.metrics) AS item) AS listed
        WHERE value BETWEEN -${MAX_MAGNITUDE} AND ${MAX_MAGNITUDE}) AS placed
      WHERE place = 1) AS ordered
    GROUP BY 1, 2, 3, 4, 5`
}

function buildReadingStatistics(dialect: Dialect, window: 'hour' | 'day'): View {
  const { schema, startOf, deviation } = dialect
  const [x, y] = ['cos', 'sin'].map(of => `avg(${of}(radians(fit)))`)
  const angle = `degrees(atan2(${y}, ${x}))`
  const sensor = 'source, subject, sensor_id, family, metric'
  /** Returns NULL instead of a statistic that would be without some of the values. */
  const ofAll = (statistic: string) => `CASE WHEN count(fit) = count(value) THEN ${statistic} END`
  return {
    name: window === 'hour' ? 'readings_hourly' : 'readings_daily',
    description: `Statistics of the readings of each sensor and metric, by ${window} of event time`,
    columns: [
      ...NAMED_SENSOR,
      FAMILY,
      METRIC,
      ['window_start', 'window_start', `Start of the ${window}, UTC`],
      ['count', 'count(*)', 'Number of readings with the metric'],
      ['sum', ofAll('sum(fit)'), `Sum of the values; NULL with one beyond ±${MAX_MAGNITUDE}`],
      ['min', 'min(value)', 'Smallest value'],
      ['max', 'max(value)', 'Largest value'],
      ['mean', ofAll('avg(fit)'), `Mean of the values; NULL with one beyond ±${MAX_MAGNITUDE}`],
      [
        'stddev',
        ofAll(deviation('fit', 'mean')),
        `Standard deviation of the values (population); NULL with one beyond ±${MAX_MAGNITUDE}`,
      ],
      [
        'increase',
        ofAll('max(increase)'),
        `What the metric has risen since the reading before, restarts included: for counters; NULL with one beyond ±${MAX_MAGNITUDE}`,
      ],
      [
        'mean_direction',
        ofAll(
          `CASE WHEN ${x} * ${x} + ${y} * ${y} >= 1e-18 THEN ${angle} + CASE WHEN ${angle} < 0 THEN 360 ELSE 0 END END`,
        ),
        'Mean on the circle, from 0 to 360: for directions in degrees; NULL for angles that have none',
      ],
    ],
    from: `FROM (SELECT *, avg(fit) OVER (PARTITION BY ${sensor}, window_start) AS mean
      FROM (SELECT *, CASE WHEN value BETWEEN -${MAX_MAGNITUDE} AND ${MAX_MAGNITUDE} THEN value END AS fit,
        ${startOf(window, 'event_ts')} AS window_start FROM ${schema}measurements) AS timed) AS centred
    LEFT JOIN (${queryIncreases(dialect, window)}) AS increases ON of_source = source AND of_subject = coalesce(subject, '')
      AND of_family = family AND of_metric = metric AND of_window = window_start
    GROUP BY ${sensor}, window_start`,
  }
}

function buildMinutes({ schema, eachMember, number }: Dialect): View {
  const latest = `SELECT *, row_number() OVER (PARTITION BY source, subject, window_start ORDER BY revision DESC) AS place FROM ${schema}analytics`
  return {
    name: 'minutes',
    description: 'Statistics of each sensor and metric, by minute of event time, in the latest revision',
    columns: [
      ...SENSOR,
      FAMILY,
      ['metric', 'item.key', 'Metric'],
      ['window_start', 'window_start', 'Start of the minute, UTC'],
      ['count', number('count'), 'Number of readings with the metric'],
      ['min', number('minimum'), 'Smallest value'],
      ['max', number('maximum'), 'Largest value'],
      ['mean', number('mean'), 'Mean of the values; of a direction, that on the circle'],
      [
        'stddev',
        number('standardDeviation'),
        'Standard deviation of the values (sample); of a direction, the angular deviation',
      ],
      ['last', number('last'), 'Latest value'],
      ['increase', number('increase'), 'What a counter has risen since the reading before; NULL for others'],
    ],
    from: `FROM (${latest}) AS latest, ${eachMember}(latest.metrics) AS item WHERE place = 1`,
  }
}

/** Seconds of a value in our own events, from a millisecond to an hour. Others could make a sum or a share fail for all sensors. */
const FIT_SECONDS = 'BETWEEN 0.001 AND 3600'

function buildStateMinutes({ schema, eachMember, number }: Dialect): View {
  const latest = `SELECT source, nullif(subject, '') AS subject, state, window_start, window_end, seconds FROM ${schema}state_statistics`
  return {
    name: 'state_minutes',
    description: 'Time of each sensor and state in each value, by range of minutes, in the latest revision',
    columns: [
      ...SENSOR,
      ['state', 'state', 'State'],
      ['value', 'item.key', 'Value'],
      ['window_start', 'window_start', 'Start of the first minute, UTC'],
      ['window_end', 'window_end', 'End of the last minute, exclusive, UTC'],
      ['seconds', number(), 'Seconds in the value'],
    ],
    from: `FROM (${latest}) AS latest, ${eachMember}(latest.seconds) AS item WHERE ${number()} ${FIT_SECONDS}`,
  }
}

/** No range of minutes contains the end of an hour, so each belongs to one hour and one day. */
function buildStateTimes({ schema, startOf }: Dialect, window: 'hour' | 'day'): View {
  const state = 'source, subject, sensor_id, state'
  return {
    name: window === 'hour' ? 'states_hourly' : 'states_daily',
    description: `Time of each sensor and state in each value, by ${window} of event time`,
    columns: [
      ...NAMED_SENSOR,
      ['state', 'state', 'State'],
      ['value', 'value', 'Value'],
      ['window_start', 'window_start', `Start of the ${window}, UTC`],
      ['seconds', 'sum(seconds)', 'Seconds in the value'],
      [
        'share',
        `sum(seconds) / sum(sum(seconds)) OVER (PARTITION BY ${state}, window_start)`,
        'Share of the time in which the value is known, from 0 to 1',
      ],
    ],
    from: `FROM (SELECT ${state}, value, seconds, ${startOf(window, 'window_start')} AS window_start
      FROM ${schema}state_minutes) AS timed GROUP BY ${state}, value, window_start`,
  }
}

/** Columns of both events of an alert. They are known even if the fired event is not stored. */
const FACTS = [
  ...['alert_type', 'alert_ts', 'severity', 'family', 'metric', 'labels', 'source', 'subject', 'active_ts'],
  ...['summary', 'fingerprint', 'partition'],
]
const OF_FIRED = ['value', 'threshold', 'reason', 'measured', 'state', 'trace_id', 'offset']

function buildAlertLog({ schema, secondsBetween }: Dialect): View {
  const describe = (name: string) => ALERT_EVENTS.columns.find(([column]) => column === name)?.[2] ?? ''
  const fact = (name: string) => `coalesce(fired."${name}", resolved."${name}")`
  // All events of an alert are in the same partition. Of several events of a kind, the first one counts.
  const first = `(SELECT *, row_number() OVER (PARTITION BY alert_id, event ORDER BY "partition", "offset") AS place
      FROM ${schema}alert_events)`
  const join = (event: string) =>
    `LEFT JOIN ${first} AS ${event} ON ${event}.alert_id = alert.alert_id AND ${event}.event = '${event}' AND ${event}.place = 1`
  return {
    name: 'alert_log',
    description: 'Alerts that fired; resolved_ts is NULL while an alert fires',
    columns: [
      ['alert_id', 'alert.alert_id', 'Id of the alert'],
      ...FACTS.map(name => [name, fact(name), describe(name)] as const),
      ['sensor_id', `coalesce(${fact('subject')}, ${fact('source')})`, 'Subject or, without one, source'],
      ['resolved_ts', 'resolved.resolved_ts', `${describe('resolved_ts')}; NULL while it fires`],
      ['duration_s', secondsBetween(fact('alert_ts'), 'resolved.resolved_ts'), 'Seconds until it resolved'],
      ...OF_FIRED.map(name => [name, `fired."${name}"`, `${describe(name)}, of the fired event`] as const),
      ['resolved_reason', 'resolved.reason', 'Reason for resolving'],
      ['resolved_value', 'resolved.value', 'Value that resolved the alert'],
    ],
    from: `FROM (SELECT DISTINCT alert_id FROM ${schema}alert_events) AS alert
      ${join('fired')} ${join('resolved')}`,
  }
}

function buildAlertStatistics({ schema, startOf }: Dialect, window: 'hour' | 'day'): View {
  return {
    name: window === 'hour' ? 'alerts_hourly' : 'alerts_daily',
    description: `Alerts of each rule, by ${window}`,
    columns: [
      ['alert_type', 'alert_type', 'Rule'],
      ['severity', 'severity', 'Severity'],
      ['window_start', 'window_start', `Start of the ${window}, UTC`],
      ['count', 'count(*)', 'Number of alerts that fired'],
      ['sensors', 'count(DISTINCT sensor_id)', 'Number of sensors with such an alert'],
      ['resolved', 'count(resolved_ts)', 'Number of these alerts that have resolved'],
      ['mean_duration_s', 'avg(duration_s)', 'Mean time until they resolved, in seconds'],
    ],
    from: `FROM (SELECT *, ${startOf(window, 'alert_ts')} AS window_start FROM ${schema}alert_log) AS timed
      GROUP BY alert_type, severity, window_start`,
  }
}
