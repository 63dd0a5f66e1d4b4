/** Table with sorting and pages. Its state is stored in the URL. On a narrow screen, each row is a card. */
import type { ComponentChildren, JSX } from 'preact'
import { useParameters } from '../client/url-parameters.ts'
import { EmptyMessage } from './answer-view.tsx'
import { Moment, rankSeverity, Severity } from './labels.tsx'
import { formatNumber } from './value-texts.ts'

export interface TableColumn<Row> {
  readonly heading: string
  readonly cell: (row: Row) => ComponentChildren
  /** Returns the sort key; absent for a column that cannot be sorted. */
  readonly sortBy?: (row: Row) => string | number
  readonly align?: 'right'
  /** True for a column that a narrow screen leaves out. Each row of the table is then one line. */
  readonly isWide?: boolean
}

interface Props<Row> {
  /** Prefix of the table's query parameters. */
  readonly name: string
  /** Caption for screen readers. */
  readonly caption: string
  readonly columns: readonly TableColumn<Row>[]
  readonly rows: readonly Row[]
  readonly getKey: (row: Row) => string
  readonly empty: ComponentChildren
  /** Initial sort column: its heading, prefixed with `-` for descending order. */
  readonly firstOrder?: string
}

/** Number of rows on a page. */
const PAGE_SIZE = 20

/** Shows one page of the sorted rows. */
export function DataTable<Row>(props: Props<Row>): JSX.Element {
  const { name, caption, columns, rows, getKey, empty, firstOrder = '' } = props
  const [query, change] = useParameters()
  if (rows.length === 0) return <EmptyMessage>{empty}</EmptyMessage>
  const order = query[`${name}.sort`] ?? firstOrder
  const { shown, at, pages } = selectPage(sortRows(rows, columns, order), query[`${name}.page`] ?? '')
  const toPage = (page: number) => change({ [`${name}.page`]: page === 1 ? '' : String(page) })
  return (
    <>
      <TableFrame
        caption={caption}
        hasLines={columns.length < 3 || columns.some(({ isWide }) => isWide)}
        head={columns.map(column => (
          <Heading
            key={column.heading}
            column={column}
            order={order}
            onSort={next => change({ [`${name}.sort`]: next, [`${name}.page`]: '' })}
          />
        ))}
      >
        {shown.map(row => (
          <tr key={getKey(row)}>
            {columns.map(column => (
              <td key={column.heading} data-heading={column.heading} class={getClass(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </TableFrame>
      <Pager of={caption} at={at} pages={pages} total={rows.length} onPage={toPage} />
    </>
  )
}

/** Returns the classes of the cells of a column. */
function getClass({ align, isWide }: Pick<TableColumn<never>, 'align' | 'isWide'>): string {
  return [align, isWide && 'wide'].filter(Boolean).join(' ')
}

interface HeadingProps<Row> {
  readonly column: TableColumn<Row>
  readonly order: string
  readonly onSort: (order: string) => void
}

function Heading<Row>({ column, order, onSort }: HeadingProps<Row>): JSX.Element {
  const { heading, sortBy } = column
  const isUp = order === heading
  const isDown = order === `-${heading}`
  const className = getClass(column)
  if (!sortBy)
    return (
      <th scope="col" class={className}>
        {heading}
      </th>
    )
  return (
    <th scope="col" class={className} aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}>
      <button type="button" class="sort" onClick={() => onSort(isUp ? `-${heading}` : heading)}>
        {heading}
        <span aria-hidden="true">{isUp ? ' ▲' : isDown ? ' ▼' : ''}</span>
      </button>
    </th>
  )
}

/**
 * Sorts rows.
 *
 * @param order heading of the sort column, prefixed with `-` for descending order. If it is not a heading, the order is unchanged.
 */
function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Pick<TableColumn<Row>, 'heading' | 'sortBy'>[],
  order: string,
): readonly Row[] {
  const isDown = order.startsWith('-')
  const heading = isDown ? order.slice(1) : order
  const sortBy = columns.find(column => column.heading === heading)?.sortBy
  if (!sortBy) return rows
  const sign = isDown ? -1 : 1
  return [...rows].sort((a, b) => {
    const [left, right] = [sortBy(a), sortBy(b)]
    return left < right ? -sign : left > right ? sign : 0
  })
}

/** Returns the rows of a page. @param page page number as text. If there is no such page, the nearest page is used. */
function selectPage<Row>(
  rows: readonly Row[],
  page: string,
): { readonly shown: readonly Row[]; readonly at: number; readonly pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_SIZE))
  const at = Math.min(pages, Math.max(1, Math.trunc(Number(page)) || 1))
  return { shown: rows.slice((at - 1) * PAGE_SIZE, at * PAGE_SIZE), at, pages }
}

interface PagerProps {
  /** Plural noun for the rows, such as "dead letters". */
  readonly of: string
  /** Current page, starting at 1. */
  readonly at: number
  readonly pages: number
  /** Number of rows on all pages. */
  readonly total: number
  readonly onPage: (page: number) => void
}

/** Page navigation. Renders nothing for a single page. */
function Pager({ of, at, pages, total, onPage }: PagerProps): JSX.Element | null {
  if (pages <= 1) return null
  return (
    <nav class="pages" aria-label={`Pages of ${of}`}>
      <button type="button" class="secondary outline" disabled={at <= 1} onClick={() => onPage(at - 1)}>
        Previous
      </button>
      <span>
        Page {at} of {pages}, {formatNumber(total)} in all
      </span>
      <button type="button" class="secondary outline" disabled={at >= pages} onClick={() => onPage(at + 1)}>
        Next
      </button>
    </nav>
  )
}

type Getter<Row, Value> = (row: Row) => Value

/** Defines a column. The column can be sorted only if `sortBy` is given. */
export function column<Row>(
  heading: string,
  cell: Getter<Row, ComponentChildren>,
  sortBy?: Getter<Row, string | number>,
): TableColumn<Row> {
  return { heading, cell, ...(sortBy && { sortBy }) }
}

/** Returns a column that a narrow screen leaves out. */
export function toWide<Row>(of: TableColumn<Row>): TableColumn<Row> {
  return { ...of, isWide: true }
}

export function textColumn<Row>(heading: string, of: Getter<Row, string>): TableColumn<Row> {
  return { heading, cell: of, sortBy: of }
}

/** Defines a numeric column. Unknown values are shown as `none` and sorted below all others. */
export function numberColumn<Row>(
  heading: string,
  of: Getter<Row, number | null | undefined>,
  {
    none = '–',
    text = formatNumber,
  }: { readonly none?: string; readonly text?: Getter<number, string> } = {},
): TableColumn<Row> {
  const cell = (row: Row) => {
    const value = of(row)
    return value === null || value === undefined ? none : text(value)
  }
  return { heading, align: 'right', cell, sortBy: row => of(row) ?? -1 }
}

export function timeColumn<Row>(heading: string, of: Getter<Row, string | number | null>): TableColumn<Row> {
  const cell = (row: Row) => {
    const at = of(row)
    return at === null ? '–' : <Moment at={at} />
  }
  return { heading, cell, sortBy: row => of(row) ?? '' }
}

export function linkColumn<Row>(
  heading: string,
  of: Getter<Row, string>,
  to: Getter<Row, string>,
): TableColumn<Row> {
  return { heading, cell: row => <a href={to(row)}>{of(row)}</a>, sortBy: of }
}

export function severityColumn<Row extends { readonly severity: string }>(): TableColumn<Row> {
  return { heading: 'Severity', cell: ({ severity }) => <Severity of={severity} />, sortBy: rankSeverity }
}

interface FrameProps {
  /** Label of the area that scrolls, for screen readers; by default, the caption. */
  readonly label?: string
  /** Caption for screen readers. */
  readonly caption: string
  /** True if each row is one line on a narrow screen. Cells of the class `wide` are then left out. */
  readonly hasLines?: boolean
  /** Cells of the heading row. */
  readonly head: ComponentChildren
  readonly children: ComponentChildren
}

/** Frame of a table. On a narrow screen, each row is a line or a card, whose cells have the labels in `data-heading`. */
export function TableFrame({
  caption,
  label = caption,
  hasLines = false,
  head,
  children,
}: FrameProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users scroll it with the arrow keys
    <section class={hasLines ? 'scrolls' : 'scrolls cards'} aria-label={label} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
