/** Leads through the pages of a list, whoever cuts it into pages. */
import type { JSX } from 'preact'

interface Props {
  /** What is listed, as in "dead letters". */
  readonly of: string
  /** The page that is shown; the first is 1. */
  readonly at: number
  readonly pages: number
  /** How many there are in all. */
  readonly total: number
  readonly onPage: (page: number) => void
}

/** Nothing where one page holds everything. */
export function Pager({ of, at, pages, total, onPage }: Props): JSX.Element | null {
  if (pages <= 1) return null
  return (
    <nav class="pages" aria-label={`Pages of ${of}`}>
      <button type="button" class="secondary outline" disabled={at <= 1} onClick={() => onPage(at - 1)}>
        Back
      </button>
      <span>
        Page {at} of {pages}, {total.toLocaleString('en')} in all
      </span>
      <button type="button" class="secondary outline" disabled={at >= pages} onClick={() => onPage(at + 1)}>
        On
      </button>
    </nav>
  )
}
