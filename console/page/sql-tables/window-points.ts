/** Points of a chart of windows. Pure. */

import type { Answers } from '../../api/all-routes.ts'
import { addGaps, type Columns } from '../charts/chart-series.ts'

export type RowsAnswer = Answers['/tables/rows']
export type ShownRow = RowsAnswer['rows'][number]

/** Returns the text of the row's key. */
export function formatKey(columns: RowsAnswer['columns'], { values }: Pick<ShownRow, 'values'>): string {
  const keys = columns.filter(({ isKey }) => isKey)
  return keys.map(({ name }) => String(values[name] ?? 'null')).join(', ')
}

/** Returns the values of a column by the start of their window, with gaps where windows are missing. */
export function toPoints(rows: readonly ShownRow[], column: string): Columns {
  const points = rows
    .flatMap(({ window, values }) => (window ? [{ ...window, value: values[column] }] : []))
    .sort((a, b) => a.startMs - b.startMs)
  const sizes = points.map(({ startMs, endMs }) => (endMs - startMs) / 1_000)
  const values = points.map(({ value }) => (typeof value === 'number' ? value : null))
  return addGaps(
    { times: points.map(({ startMs }) => startMs / 1_000), lists: [values] },
    Math.max(0, ...sizes),
  )
}
