/** Formats the statistics as a table. Pure. */
import type { Outcomes } from '../../lib/queries/outcomes.ts'
import { type EntityReport, METRIC_COLUMNS, metricRows } from '../../lib/tables/statistics.ts'
import { rowsText } from '../table.ts'

/** JSON document that `stats --json` prints. */
export interface Report {
  readonly env: string
  /** Entities, sorted by name. */
  readonly entities: readonly EntityReport[]
  /** Totals of all entities, including those that are not shown. */
  readonly totals: Outcomes
}

/** Formats the statistics as a table. @param columns width of the terminal; undefined for no limit */
export function tableOf({ entities, totals, env }: Report, columns?: number): string {
  const rows = entities.flatMap(metricRows)
  const table = rows.length === 0 ? 'No statistics yet.' : rowsText(METRIC_COLUMNS, rows, columns)
  return `${table}\n\nProcessor in "${env}": ${totalsLine(totals)}\n`
}

/**
 * Returns the totals, such as `7267 applied (7267 counted), 0 duplicates, 12 ignored (12 tick), 0 failed; 0
 * waiting to be published`.
 */
function totalsLine({ applied, duplicate, ignored, failed, reasons, outbox }: Outcomes): string {
  const parts = { applied, duplicate, ignored, failed }
  const words = { applied: 'applied', duplicate: 'duplicates', ignored: 'ignored', failed: 'failed' }
  const counts = Object.entries(words).map(([outcome, word]) => {
    const own = Object.entries(reasons)
      .filter(([name]) => name.startsWith(`${outcome}/`))
      .map(([name, count]) => `${count} ${name.slice(outcome.length + 1)}`)
      .sort()
    return `${parts[outcome as keyof typeof parts]} ${word}${own.length > 0 ? ` (${own.join(', ')})` : ''}`
  })
  return `${counts.join(', ')}; ${outbox} waiting to be published`
}
