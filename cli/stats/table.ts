/** A report for people. Pure. */
import type { Outcomes } from '../../lib/queries/outcomes.ts'
import type { EntityReport } from '../../lib/tables/statistics.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'

/** What `stats --json` prints. */
export interface Report {
  readonly env: string
  /** By name. */
  readonly entities: readonly EntityReport[]
  /** Of all entities, whichever were asked for. */
  readonly totals: Outcomes
}

const COLUMNS: readonly Column[] = [
  { heading: 'ENTITY', least: 14, cut: 'start' },
  { heading: 'METRIC', least: 8 },
  { heading: 'COUNT', align: 'right' },
  { heading: 'MEAN', align: 'right' },
  { heading: 'STD DEV', align: 'right', leaveOut: 2 },
  { heading: 'MIN', align: 'right', leaveOut: 3 },
  { heading: 'MAX', align: 'right', leaveOut: 4 },
  { heading: 'LAST', align: 'right' },
  { heading: 'UNIT' },
  { heading: 'LAST AT', leaveOut: 1 },
]
/** More digits do not help a reader; `--json` has them all. */
const DIGITS = 6

/** @param columns of the terminal; undefined: no limit */
export function tableOf({ entities, totals, env }: Report, columns?: number): string {
  const rows = entities.flatMap(rowsOf)
  const table = rows.length === 0 ? 'No statistics yet.' : tableText(COLUMNS, rows, columns)
  return `${table}\n\nProcessor in "${env}": ${totalsLine(totals)}\n`
}

function rowsOf({ entity, family, metrics }: EntityReport): string[][] {
  return Object.entries(metrics).map(([metric, { count, lastAt, ...values }]) => [
    harmless(entity),
    metric,
    String(count),
    ...[values.mean, values.standardDeviation, values.minimum, values.maximum, values.last].map(shown),
    FAMILIES[family].metrics[metric] ?? '',
    lastAt,
  ])
}

function shown(value: number): string {
  return String(Number(value.toPrecision(DIGITS)))
}

/** `7267 applied (7267 counted), 0 duplicates, 12 ignored (12 tick), 0 failed; 0 waiting to be published` */
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
