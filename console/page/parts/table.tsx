/** A table that sorts, filters and pages; how it stands is in the address. Nothing is cut: on a narrow screen it scrolls. */
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'
import { useParameter } from '../data/address.ts'
import { Empty } from './known.tsx'

export interface Column<Row> {
  readonly heading: string
  readonly cell: (row: Row) => ComponentChildren
  /** What it is sorted by; without it, the column does not sort. */
  readonly sortBy?: (row: Row) => string | number
  readonly align?: 'right'
}

interface Props<Row> {
  /** Distinguishes the tables of one page in the address. */
  readonly name: string
  /** What it lists, for those who do not see it. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** What the filter looks at; without it, there is no filter. */
  readonly textOf?: (row: Row) => string
  readonly empty: ComponentChildren
  readonly pageSize?: number
}

export function Table<Row>(props: Props<Row>): JSX.Element {
  const { name, caption, columns, rows, keyOf, textOf, empty, pageSize = 25 } = props
  const [filter, setFilter] = useParameter(`${name}.filter`)
  const [order, setOrder] = useParameter(`${name}.sort`)
  const [page, setPage] = useParameter(`${name}.page`, '1')
  const filterId = useId()
  const matching = sorted(filtered(rows, filter, textOf), columns, order)
  const pages = Math.max(1, Math.ceil(matching.length / pageSize))
  const at = Math.min(pages, Math.max(1, Number(page) || 1))
  const shown = matching.slice((at - 1) * pageSize, at * pageSize)
  if (rows.length === 0) return <Empty>{empty}</Empty>
  return (
    <div class="listing">
      {textOf && (rows.length > 5 || filter) && (
        <div class="filter">
          <label for={filterId}>Filter {caption}</label>
          <input
            id={filterId}
            type="search"
            value={filter}
            onInput={event => setFilter(event.currentTarget.value)}
          />
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys */}
      <section class="scrolls" aria-label={caption} tabIndex={0}>
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map(column => (
                <Heading key={column.heading} column={column} order={order} setOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(row => (
              <tr key={keyOf(row)}>
                {columns.map(({ heading, cell, align }) => (
                  <td key={heading} class={align === 'right' ? 'right' : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {matching.length === 0 && <Empty>None of {rows.length} matches the filter.</Empty>}
      {pages > 1 && (
        <nav class="pages" aria-label={`Pages of ${caption}`}>
          <button
            type="button"
            class="secondary outline"
            disabled={at === 1}
            onClick={() => setPage(String(at - 1))}
          >
            Back
          </button>
          <span>
            Page {at} of {pages}, {matching.length} in all
          </span>
          <button
            type="button"
            class="secondary outline"
            disabled={at === pages}
            onClick={() => setPage(String(at + 1))}
          >
            On
          </button>
        </nav>
      )}
    </div>
  )
}

interface HeadingProps<Row> {
  readonly column: Column<Row>
  readonly order: string
  readonly setOrder: (order: string) => void
}

function Heading<Row>({
  column: { heading, sortBy, align },
  order,
  setOrder,
}: HeadingProps<Row>): JSX.Element {
  const isUp = order === heading
  const isDown = order === `-${heading}`
  const className = align === 'right' ? 'right' : undefined
  if (!sortBy)
    return (
      <th scope="col" class={className}>
        {heading}
      </th>
    )
  return (
    <th scope="col" class={className} aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}>
      <button type="button" class="sort" onClick={() => setOrder(isUp ? `-${heading}` : heading)}>
        {heading}
        <span aria-hidden="true">{isUp ? ' ▲' : isDown ? ' ▼' : ''}</span>
      </button>
    </th>
  )
}

/** Pure. Every word has to be there, whatever its case. */
export function filtered<Row>(
  rows: readonly Row[],
  filter: string,
  textOf: ((row: Row) => string) | undefined,
): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (!textOf || words.length === 0) return rows
  return rows.filter(row => {
    const text = textOf(row).toLowerCase()
    return words.every(word => text.includes(word))
  })
}

/** Pure. @param order a heading, with `-` before it for the other way round; anything else leaves the order as it is */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Pick<Column<Row>, 'heading' | 'sortBy'>[],
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
