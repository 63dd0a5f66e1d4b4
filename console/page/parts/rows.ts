/** Which rows a table shows, and in which order. Pure. */

export type Sortable<Row> = {
  readonly heading: string
  readonly sortBy?: (row: Row) => string | number
}

/** Every word has to be there, whatever its case. */
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

/** @param order a heading, with `-` before it for the other way round; anything else leaves the order as it is */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Sortable<Row>[],
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

/** The part of the rows that a page shows. @param page any text; what is no page leads to the nearest */
export function paged<Row>(
  rows: readonly Row[],
  page: string,
  pageSize: number,
): { readonly shown: readonly Row[]; readonly at: number; readonly pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / pageSize))
  const at = Math.min(pages, Math.max(1, Math.trunc(Number(page)) || 1))
  return { shown: rows.slice((at - 1) * pageSize, at * pageSize), at, pages }
}
