/** Marts of the warehouse in Athena: the objects of the Parquet target, and views that merge their rows. Pure. */
import { ALERTS_BY_RULE, byRuleQuery } from '../../lib/warehouse/alerts.ts'
import type { Mart, MartTable } from '../../lib/warehouse/mart.ts'
import { READINGS_DAILY, READINGS_HOURLY } from '../../lib/warehouse/readings.ts'
import { SENSOR_UPTIME } from '../../lib/warehouse/uptime.ts'
import { martColumns, quoted, type View } from './views.ts'

/** Marts whose objects Athena reads. It has the alerts themselves in history. */
export const STORED: readonly Mart[] = [READINGS_HOURLY, READINGS_DAILY, SENSOR_UPTIME]

const SECONDS = `sum(greatest(0, "until" - greatest("from", "before")))`

/**
 * Expressions that merge the rows with the same key, as `merge` of the mart does. A column without one is part of the key, or depends
 * on it. `mean_of_all` is the mean of the whole window: without it, the deviation would lose precision.
 */
const STATISTICS: Readonly<Record<string, string>> = {
  count: 'CAST(sum("count") AS BIGINT)',
  sum: 'sum("sum")',
  min: 'min("min")',
  max: 'max("max")',
  mean: 'sum("sum") / sum("count")',
  stddev: `sqrt(sum("count" * (power("stddev", 2) + power("mean" - "mean_of_all", 2))) / sum("count"))`,
  first_value: 'min_by("first_value", ROW("first_at", "first_value"))',
  first_at: 'min("first_at")',
  last_value: 'max_by("last_value", ROW("last_at", "last_value"))',
  last_at: 'max("last_at")',
}
const UPTIME: typeof STATISTICS = {
  readings: `CAST(sum(CASE WHEN "range" = split_part("seen", ',', 1) THEN "readings" END) AS BIGINT)`,
  seconds_seen: `CAST(${SECONDS} AS BIGINT)`,
  share: `CAST(${SECONDS} AS DOUBLE) / 86400`,
  first_at: 'min("first_at")',
  last_at: 'max("last_at")',
}

/** Returns the views of the marts, with the columns of the other warehouses; `sensor_uptime` has no ranges in `seen`. */
export function martViews(): readonly View[] {
  return [statistics(READINGS_HOURLY), statistics(READINGS_DAILY), uptime(), alertsByRule()]
}

function statistics(mart: Mart): View {
  const key = `OVER (PARTITION BY ${quoted(mart.key)})`
  return view(
    mart,
    STATISTICS,
    `SELECT *, sum("sum") ${key} / sum("count") ${key} AS "mean_of_all" FROM "${mart.name}_objects"`,
  )
}

/** The rows of a day have ranges of seconds, which can overlap: of each range, the seconds after all earlier ranges count. */
function uptime(): View {
  const ranges = `SELECT o.*, r."range", CAST(split_part(r."range", '-', 1) AS BIGINT) AS "from", CAST(split_part(r."range", '-', 2) AS BIGINT) AS "until"
  FROM "${SENSOR_UPTIME.name}_objects" AS o CROSS JOIN UNNEST(split(o."seen", ',')) AS r("range")`
  const earlier = `OVER (PARTITION BY ${quoted(SENSOR_UPTIME.key)} ORDER BY "from", "until" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`
  const columns = SENSOR_UPTIME.columns.filter(([name]) => name !== 'seen')
  return view(
    { ...SENSOR_UPTIME, columns },
    UPTIME,
    `SELECT *, coalesce(max("until") ${earlier}, 0) AS "before" FROM (${ranges})`,
  )
}

/** It follows from the alerts in history, so it has those of the last hour, too. */
function alertsByRule(): View {
  const shown = '(SELECT * FROM "alert_log" WHERE alert_ts IS NOT NULL)'
  const sql = byRuleQuery(shown, 'CAST(CAST(alert_ts AS DATE) AS VARCHAR)')
  return { name: ALERTS_BY_RULE.name, sql, columns: martColumns(ALERTS_BY_RULE) }
}

/** Returns a view that groups the rows of a query by the columns without an expression. */
function view(mart: MartTable, expressions: typeof STATISTICS, rows: string): View {
  const columns = martColumns(mart)
  const selected = columns.map(({ name }) =>
    expressions[name] ? `${expressions[name]} AS "${name}"` : `"${name}"`,
  )
  const grouped = columns.flatMap(({ name }) => (expressions[name] ? [] : name))
  return {
    name: mart.name,
    columns,
    sql: `SELECT ${selected.join(', ')}\nFROM (${rows})\nGROUP BY ${quoted(grouped)}`,
  }
}
