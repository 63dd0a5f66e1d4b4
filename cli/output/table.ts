/** Formats rows as text for the width of a terminal. Pure. */

import { escapeText, measureWidth, shortenEnd, shortenStart } from './text-width.ts'

export interface PrintedColumn {
  readonly heading: string
  readonly align?: 'right'
  /** Minimum width to which the cells of the column may be truncated; absent if they must not be truncated. */
  readonly least?: number
  /** Set to `start` to truncate cells at the start, for texts whose last part is the most important. */
  readonly cut?: 'start'
  /** Order in which columns are omitted if the table is too wide. A column without this number is never omitted. */
  readonly leaveOut?: number
}

/** Maximum width of a cell. Longer cells are cut, so that one of them does not pad every row. `--json` shows them whole. */
const MAX_CELL_WIDTH = 200

type Rows = readonly (readonly string[])[]

const GAP = '  '

/**
 * Formats cells in columns with headings, and escapes control characters in them. If the table is too wide, columns are first narrowed
 * and then omitted, as far as the columns allow it. If it is still too wide, each row is formatted as a block with one line per cell.
 *
 * @param width maximum width; undefined for no limit, for example if the output is not a terminal
 */
export function formatTable(columns: readonly PrintedColumn[], cells: Rows, width?: number): string {
  const rows = escapeCells(cells)
  const all = columns.map((_, index) => index)
  const leaving = all
    .filter(index => columns[index]?.leaveOut !== undefined)
    .sort((a, b) => (columns[a]?.leaveOut ?? 0) - (columns[b]?.leaveOut ?? 0))
  for (let gone = 0; gone <= leaving.length; gone++) {
    const left = leaving.slice(0, gone)
    const shown = all.filter(index => !left.includes(index))
    const widths = fitWidths(columns, rows, shown, width)
    if (!widths) continue
    const table = formatAligned(columns, rows, shown, widths)
    return left.length === 0 ? table : `${table}\n${describeLeftOut(columns, left, width)}`
  }
  return rows.map(row => formatBlock(columns, row, width)).join('\n\n')
}

/** Returns the width of each column to show; undefined if the columns do not fit into the maximum width. */
function fitWidths(
  columns: readonly PrintedColumn[],
  rows: Rows,
  shown: readonly number[],
  width = Number.POSITIVE_INFINITY,
): Map<number, number> | undefined {
  const widths = new Map(
    shown.map(index => {
      const widest = Math.max(...[listHeadings(columns), ...rows].map(row => measureWidth(row[index] ?? '')))
      return [index, Math.min(widest, MAX_CELL_WIDTH)]
    }),
  )
  const least = (index: number) => columns[index]?.least ?? Number.POSITIVE_INFINITY
  let excess = sumNumbers(widths.values()) + GAP.length * (shown.length - 1) - width
  while (excess > 0) {
    // Narrow the widest column first, so that short cells in other columns are not truncated.
    const [widest] = [...widths].filter(([index, now]) => now > least(index)).sort((a, b) => b[1] - a[1])
    if (!widest) return undefined
    widths.set(widest[0], widest[1] - 1)
    excess -= 1
  }
  return widths
}

function formatAligned(
  columns: readonly PrintedColumn[],
  rows: Rows,
  shown: readonly number[],
  widths: ReadonlyMap<number, number>,
): string {
  const alignCell = (text: string, index: number) => {
    const { cut, align } = columns[index] ?? {}
    const width = widths.get(index) ?? 0
    const fitting = cut ? shortenStart(text, width) : shortenEnd(text, width)
    return align === 'right' ? ' '.repeat(width - measureWidth(fitting)) + fitting : padText(fitting, width)
  }
  const formatLine = (row: readonly string[]) =>
    shown
      .map(index => alignCell(row[index] ?? '', index))
      .join(GAP)
      .trimEnd()
  return [listHeadings(columns), ...rows].map(formatLine).join('\n')
}

function formatBlock(
  columns: readonly PrintedColumn[],
  row: readonly string[],
  width: number | undefined,
): string {
  const cells = columns.map(({ heading }, index) => [heading, shortenEnd(row[index] ?? '', MAX_CELL_WIDTH)])
  return formatList(cells)
    .map(line => shortenEnd(line, width))
    .join('\n')
}

/** Formats rows without headings, such as names and their values, in columns. The last cell of a row is shown whole. */
export function formatList(cells: Rows, indent = ''): string[] {
  const rows = escapeCells(cells)
  const count = Math.max(0, ...rows.map(row => row.length - 1))
  const widths = Array.from({ length: count }, (_, index) =>
    Math.min(MAX_CELL_WIDTH, Math.max(...rows.map(row => measureWidth(row[index] ?? '')))),
  )
  return rows.map(row => indent + formatRow(row, widths))
}

/** Formats a row whose columns have fixed widths, for example because later rows are unknown. Longer cells stay whole up to the bound. */
export function formatRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((text, index) => {
    const width = widths[index]
    return width === undefined ? text : padText(shortenEnd(text, MAX_CELL_WIDTH), width)
  })
  return cells.join(GAP).trimEnd()
}

function escapeCells(rows: Rows): Rows {
  return rows.map(row => row.map(escapeText))
}

function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - measureWidth(text)))
}

function describeLeftOut(
  columns: readonly PrintedColumn[],
  left: readonly number[],
  width: number | undefined,
): string {
  const names = left.map(index => columns[index]?.heading).join(', ')
  return shortenEnd(`(too narrow for ${names}: use --json to show all)`, width)
}

function listHeadings(columns: readonly PrintedColumn[]): string[] {
  return columns.map(({ heading }) => heading)
}

function sumNumbers(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
