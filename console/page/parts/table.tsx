/** A table that sorts, filters and pages; how it stands is in the address. Nothing is cut: on a narrow screen it scrolls. */
import type { ComponentChildren, JSX } from 'preact'
import { useId, useRef } from 'preact/hooks'
import { useParameters } from '../data/address.ts'
import { Empty } from './known.tsx'
import { Pager } from './pager.tsx'
import { filtered, paged, sorted } from './rows.ts'
import { Scrolls } from './scrolls.tsx'

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
  /** Order until a person chooses another: a heading, with `-` before it for the other way round. */
  readonly firstOrder?: string
}

/** Up to this many rows need no filter. */
const FEW = 5

export function Table<Row>(props: Props<Row>): JSX.Element {
  const { name, caption, rows, textOf, empty } = props
  const [query, change] = useParameters()
  const filter = query[`${name}.filter`] ?? ''
  // Once it is there, it stays: a person may be typing into it while the rows become few.
  const hasFilter = useRef(false)
  if (textOf && (rows.length > FEW || filter !== '')) hasFilter.current = true
  return (
    <div class="listing">
      {hasFilter.current && (
        <Filter
          caption={caption}
          value={filter}
          onChange={text => change({ [`${name}.filter`]: text, [`${name}.page`]: '' })}
        />
      )}
      {rows.length === 0 ? <Empty>{empty}</Empty> : <Rows {...props} />}
    </div>
  )
}

/** Those that the filter leaves, in their order, a page at a time. */
function Rows<Row>(props: Props<Row>): JSX.Element {
  const { name, caption, columns, rows, keyOf, textOf, pageSize = 25, firstOrder = '' } = props
  const [query, change] = useParameters()
  const filter = query[`${name}.filter`] ?? ''
  const order = query[`${name}.sort`] ?? firstOrder
  const matching = sorted(filtered(rows, filter, textOf), columns, order)
  const { shown, at, pages } = paged(matching, query[`${name}.page`] ?? '', pageSize)
  const toPage = (page: number) => change({ [`${name}.page`]: page === 1 ? '' : String(page) })
  return (
    <>
      <Scrolls label={caption}>
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map(column => (
                <Heading
                  key={column.heading}
                  column={column}
                  order={order}
                  onSort={next => change({ [`${name}.sort`]: next, [`${name}.page`]: '' })}
                />
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
      </Scrolls>
      {matching.length === 0 && <Empty>None of {rows.length} matches the filter.</Empty>}
      <Pager of={caption} at={at} pages={pages} total={matching.length} onPage={toPage} />
    </>
  )
}

interface FilterProps {
  readonly caption: string
  readonly value: string
  readonly onChange: (value: string) => void
}

function Filter({ caption, value, onChange }: FilterProps): JSX.Element {
  const id = useId()
  return (
    <div class="filter">
      <label class="unseen" for={id}>
        Filter {caption}
      </label>
      <input
        id={id}
        type="search"
        placeholder="Filter"
        value={value}
        onInput={event => onChange(event.currentTarget.value)}
      />
    </div>
  )
}

interface HeadingProps<Row> {
  readonly column: Column<Row>
  readonly order: string
  readonly onSort: (order: string) => void
}

function Heading<Row>({ column, order, onSort }: HeadingProps<Row>): JSX.Element {
  const { heading, sortBy, align } = column
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
      <button type="button" class="sort" onClick={() => onSort(isUp ? `-${heading}` : heading)}>
        {heading}
        <span aria-hidden="true">{isUp ? ' ▲' : isDown ? ' ▼' : ''}</span>
      </button>
    </th>
  )
}
