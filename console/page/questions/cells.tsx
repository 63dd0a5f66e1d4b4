/** Cells of declared columns. */
import { type ComponentChildren, Fragment, type JSX } from 'preact'
import {
  type ColumnOf,
  collectRows,
  formatMetric,
  type LinkedThing,
  type MetricValue,
  type QuestionColumn,
  type Tone,
} from '../../../control/questions/column.ts'
import { formatShare } from '../../../lib/support/balance.ts'
import { type Content, formatContent } from '../../../lib/support/content.ts'
import { durationText, spanText } from '../../../lib/support/duration.ts'
import { formatRanges } from '../../../lib/support/ranges-text.ts'
import { formatQuantity, shortNumber } from '../../../lib/support/short-number.ts'
import { buildAddress } from '../client/address.ts'
import type { TableColumn } from '../components/data-table.tsx'
import { Badge, EntityLink, Moment, rankSeverity, Severity, useNow } from '../components/labels.tsx'
import { formatBytes, formatDigits, formatNumber } from '../components/value-texts.ts'

/** Page of each kind of thing, and the parameters of its URL that name one. */
const PAGES: Readonly<Record<LinkedThing, readonly [path: string, ...parameters: string[]]>> = {
  topic: ['/kafka', 'topic'],
  group: ['/kafka/groups', 'group'],
  alert: ['/alerts', 'alert'],
  rule: ['/alerts/rules', 'rule'],
  silence: ['/alerts/silences', 'id'],
  entity: ['/telemetry', 'entity'],
  letter: ['/failures', 'letter'],
  letters: ['/failures/list', 'code'],
  table: ['/tables', 'table'],
  messages: ['/kafka/messages', 'topic', 'partition', 'offset'],
  state: ['/states', 'state'],
}

/**
 * Returns the columns and the rows of a table. Values that belong below another one are further lines of its cells.
 *
 * @param action returns the button of a row
 * @param filter texts of the filter, by field
 */
export function toTable<Row>(
  declared: readonly ColumnOf<Row>[],
  found: readonly Row[],
  action?: ((row: Row) => ComponentChildren) | undefined,
  filter: Readonly<Record<string, string | undefined>> = {},
): { columns: TableColumn<Row>[]; rows: readonly Row[] } {
  const informative = declared.filter(column => isInformative(column, found, filter[column.of]))
  const { columns, rows } = collectRows(informative, found)
  const own = columns.filter(({ page, only }) => page?.below === undefined && only !== 'terminal')
  const findBelow = ({ of }: ColumnOf<Row>) => columns.filter(({ page }) => page?.below === of)
  const shown = own.map(column => toTableColumn(column, findBelow(column)))
  return { columns: [...shown, ...(action ? [{ heading: '', cell: action }] : [])], rows }
}

/** Returns whether a column says something: not if all its values are unknown, or are the one that the filter asks for. */
function isInformative<Row>(
  { of, page, none }: ColumnOf<Row>,
  rows: readonly Row[],
  wanted: string | undefined,
): boolean {
  const values = new Set(rows.map(row => row[of] ?? null))
  const [first] = values
  if (values.size > 1 || rows.length === 0) return true
  return first === null ? none !== undefined : first !== wanted && !(page?.varies && rows.length > 1)
}

function toTableColumn<Row>(column: ColumnOf<Row>, below: readonly ColumnOf<Row>[]): TableColumn<Row> {
  const { heading, type, isNumber, collects, page } = column
  return {
    heading,
    ...(page?.isWide && { isWide: true }),
    cell: row => (
      <>
        <Cell column={column} row={row} />
        {below.map(
          other =>
            row[other.of] !== null && (
              <small key={other.of} class="second">
                {other.type === 'time' && `${other.heading}: `}
                <Cell column={other} row={row} />
              </small>
            ),
        )}
      </>
    ),
    ...((type !== 'list' || collects) && type !== 'content' && { sortBy: row => toSortKey(column, row) }),
    ...(isNumber && { align: 'right' }),
  }
}

/** Tones in the order in which their values are sorted. */
const TONES: readonly Tone[] = ['bad', 'warn', 'good', 'plain', 'muted']

/** Returns the sort key of a value. Null is sorted below all others. */
function toSortKey<Row>({ of, type, tone, isNumber }: ColumnOf<Row>, row: Row): string | number {
  const value = row[of]
  if (type === 'metrics') return (value as readonly MetricValue[])[0]?.value ?? Number.NEGATIVE_INFINITY
  if (tone !== undefined && type === 'text') return `${TONES.indexOf(row[tone] as Tone)} ${value}`
  if (type === 'severity') return rankSeverity({ severity: String(value) })
  if (!isNumber) return String(value ?? '')
  return typeof value === 'number' ? value : Number.NEGATIVE_INFINITY
}

interface CellProps<Row> {
  readonly column: ColumnOf<Row>
  readonly row: Row
}

export function Cell<Row>({ column, row }: CellProps<Row>): JSX.Element {
  const { of, tone, atLeast, page, none = '–' } = column
  const value = row[of]
  const otherwise = (page?.otherwise && row[page.otherwise]) ?? none
  // A row of a kind of thing that has no such value lacks the member.
  const shown = value === undefined ? '–' : value === null ? String(otherwise) : showValue(column, value, row)
  if (tone !== undefined) return <span class={`line ${row[tone]}`}>{shown}</span>
  return <>{atLeast !== undefined && row[atLeast] ? ['at least ', shown] : shown}</>
}

function showValue<Row>(column: ColumnOf<Row>, value: unknown, row: Row): ComponentChildren {
  const { type, link, linkBy } = column
  if (type === 'list')
    return (
      <ul class={column.collects ? 'list stacked' : 'list'}>
        {(value as readonly unknown[]).map(item => (
          <li key={String(item)}>{showValue({ ...column, type: 'text' }, item, row)}</li>
        ))}
      </ul>
    )
  if (type === 'metrics') return <MetricValues of={value as readonly MetricValue[]} />
  if (type === 'quantity') return formatQuantityOf(column, value, row)
  if (type === 'span')
    return (
      <Span from={value as string} until={((column.until && row[column.until]) ?? null) as string | null} />
    )
  if (type === 'badge') return <Badge>{String(value)}</Badge>
  if (type === 'time') return <Moment at={value as string} />
  if (type === 'entity') return <EntityLink entity={String(value).trim()} />
  if (type === 'severity') return <Severity of={String(value)} />
  const text = formatText(type, value)
  const names = linkBy === undefined ? [value] : linkBy.map(member => row[member])
  if (link === undefined || names.includes(null)) return text
  const [path, ...parameters] = PAGES[link]
  const query = Object.fromEntries(
    names.map((name, index) => [parameters[index] as string, String(name)] as const),
  )
  return (
    <a class="roomy" href={buildAddress(path, query)}>
      <BreakableName name={text} />
    </a>
  )
}

function formatText(type: QuestionColumn['type'], value: unknown): string {
  if (type === 'numbers') return formatRanges(value as readonly number[])
  if (type === 'content') return formatContent(value as Content)
  if (typeof value !== 'number') return String(value)
  if (type === 'bytes') return formatBytes(value)
  if (type === 'share') return formatShare(value)
  if (type === 'seconds') return durationText(value * 1_000)
  return type === 'count' ? formatNumber(value) : String(value)
}

const LIMITS = { beyond: 'beyond the limit of a rule', near: 'near the limit of a rule' } as const

/** Newest values in one line, marked if a rule fires at them or is close to that. */
function MetricValues({ of }: { readonly of: readonly MetricValue[] }): JSX.Element {
  return (
    <ul class="list one-line">
      {of.map(value => {
        const { metric, tone, limit } = value
        return (
          <li key={metric} class={`${tone} ${limit ?? ''}`} title={limit ? LIMITS[limit] : undefined}>
            {formatMetric(value, formatDigits)}
            {limit && <span class="unseen">, {LIMITS[limit]}</span>}
          </li>
        )
      })}
    </ul>
  )
}

/** Formats a number with its unit, or an observed state. */
function formatQuantityOf<Row>({ unit, limit }: ColumnOf<Row>, value: unknown, row: Row): string {
  if (typeof value !== 'number') return String(value)
  const limits = [limit && (row[limit] as number | null)]
  return formatQuantity(formatDigits(shortNumber(value, limits)), unit && (row[unit] as string | undefined))
}

/** Duration of something that has ended, or lasts: `29 min`, or with a second unit if it is less than ten of the first. */
function Span({ from, until }: { readonly from: string; readonly until: string | null }): JSX.Element {
  const [number, unit, ...rest] = spanText(from, until, useNow()).split(' ')
  return <span class="line">{[number, unit, ...(Number(number) < 10 ? rest : [])].join(' ')}</span>
}

/** Name that the browser may break after each dot. */
function BreakableName({ name }: { readonly name: string }): JSX.Element {
  const [first = '', ...others] = name.split(/(?<=\.)/)
  return (
    <>
      {first}
      {others.map((part, at) => (
        <Fragment key={`${at} ${part}`}>
          <wbr />
          {part}
        </Fragment>
      ))}
    </>
  )
}
