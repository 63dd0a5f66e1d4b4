/** Columns of tables, each by what it shows and sorts by. */

import type { ComponentChildren } from 'preact'
import { EntityLink, Severity, urgencyOf } from './marks.tsx'
import { Moment } from './moment.tsx'
import type { Column } from './table.tsx'
import { numberText } from './words.ts'

type Of<Row, Value> = (row: Row) => Value

/** Without `sortBy`, it does not sort. */
export function column<Row>(
  heading: string,
  cell: Of<Row, ComponentChildren>,
  sortBy?: Of<Row, string | number>,
): Column<Row> {
  return { heading, cell, ...(sortBy && { sortBy }) }
}

export function textColumn<Row>(
  heading: string,
  of: Of<Row, string | null | undefined>,
  none = '–',
): Column<Row> {
  return { heading, cell: row => of(row) ?? none, sortBy: row => of(row) ?? '' }
}

/** Figures, the unknown ones as `none` and below all others. */
export function numberColumn<Row>(
  heading: string,
  of: Of<Row, number | null | undefined>,
  { none = '–', text = numberText }: { readonly none?: string; readonly text?: Of<number, string> } = {},
): Column<Row> {
  const cell = (row: Row) => {
    const value = of(row)
    return value === null || value === undefined ? none : text(value)
  }
  return { heading, align: 'right', cell, sortBy: row => of(row) ?? -1 }
}

export function timeColumn<Row>(
  heading: string,
  of: Of<Row, string | number | null>,
  none = '–',
): Column<Row> {
  const cell = (row: Row) => {
    const at = of(row)
    return at === null ? none : <Moment at={at} />
  }
  return { heading, cell, sortBy: row => of(row) ?? '' }
}

export function linkColumn<Row>(heading: string, of: Of<Row, string>, to: Of<Row, string>): Column<Row> {
  return { heading, cell: row => <a href={to(row)}>{of(row)}</a>, sortBy: of }
}

export function entityColumn<Row extends { readonly entity: string }>(heading = 'Entity'): Column<Row> {
  return {
    heading,
    cell: ({ entity }) => <EntityLink entity={entity.trim()} />,
    sortBy: ({ entity }) => entity,
  }
}

export function severityColumn<Row extends { readonly severity: string }>(): Column<Row> {
  return { heading: 'Severity', cell: ({ severity }) => <Severity of={severity} />, sortBy: urgencyOf }
}
