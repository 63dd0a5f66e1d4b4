/** Columns of lists, as data: the terminal and the page of the console show them, each in its own way. Pure. */

import { formatQuantity, shortNumber } from '../../lib/support/short-number.ts'

/** Kind of a value, which decides how it is written, sorted and aligned. */
type ColumnType =
  | 'text'
  | 'time'
  | 'span'
  | 'count'
  | 'quantity'
  | 'bytes'
  /** Bytes as text, as JSON or as a hex dump. A fact of this type is shown below the others, in as many lines as it has. */
  | 'content'
  | 'share'
  | 'seconds'
  | 'entity'
  | 'severity'
  | 'badge'
  | 'list'
  /** Newest values of metrics, sorted by the first. */
  | 'metrics'
  | 'numbers'
  /** Text of several lines, below all other facts of a thing. */
  | 'block'

/** Newest value of a metric. */
export interface MetricValue {
  readonly metric: string
  /** Null for a metric that stands for others. */
  readonly value: number | null
  readonly unit: string
  readonly tone: Tone
  /** `beyond` if a rule fires at the value, and `near` if the value is close to that. */
  readonly limit: 'beyond' | 'near' | null
}

/** Returns a text such as `temperature 21.5 °C`. */
export function formatMetric(
  { metric, value, unit }: Pick<MetricValue, 'metric' | 'value' | 'unit'>,
  formatNumber: (value: number) => string = String,
): string {
  return value === null ? metric : `${metric} ${formatQuantity(formatNumber(shortNumber(value)), unit)}`
}

/** Thing that has a page of its own, found by its name. */
export type LinkedThing =
  | 'topic'
  | 'group'
  | 'alert'
  | 'rule'
  | 'silence'
  | 'entity'
  | 'letter'
  /** Dead letters with a code. */
  | 'letters'
  | 'messages'
  | 'table'
  | 'state'

/** Tone in which a value is shown: `bad` needs attention, and `muted` is of the past. */
export type Tone = 'good' | 'warn' | 'bad' | 'plain' | 'muted'

export interface QuestionColumn<Member extends string = string> {
  /** Member of the row. */
  readonly of: Member
  readonly heading: string
  readonly type: ColumnType
  /** True if the values are numbers, which are sorted as such and stand at the right. */
  readonly isNumber: boolean
  /** Kind of thing that each value names. */
  readonly link?: LinkedThing
  /** Member with the tone of the value. */
  readonly tone?: Member
  /** Member with the end of a span, which begins at the value; null or absent while it lasts. */
  readonly until?: Member
  /** Member with the unit of a quantity. `limit` has a number beside which it must stay on its side when it is rounded. */
  readonly unit?: Member
  readonly limit?: Member
  /** Member that is true where the value is known to be at least this. */
  readonly atLeast?: Member
  /** Members with the name of the linked thing, or its place; the value itself by default. */
  readonly linkBy?: readonly Member[]
  /** Face that alone shows the column; all if absent. */
  readonly only?: 'terminal' | 'page'
  /** True for a column that has a list of values where rows of a table differ in nothing else. */
  readonly collects?: true
  /** Text in place of a value that is null; a dash by default. */
  readonly none?: string
  readonly terminal?: {
    /** Width in characters to which a narrow terminal may truncate the values. Absent if they must not be truncated. */
    readonly least?: number
    /** Order in which a narrow terminal omits columns. A column without this number is never omitted. */
    readonly leaveOut?: number
  }
  readonly page?: {
    /** Column in whose cells the value is a second line. */
    readonly below?: Member
    /** Member whose text is shown in place of a value that is null. */
    readonly otherwise?: Member
    /** True for a column that a narrow screen leaves out. Each row of the table is then one line. */
    readonly isWide?: true
    /** True for a column that is shown only if its values differ. */
    readonly varies?: true
  }
}

/** Column of rows with these members. */
export type ColumnOf<Row> = QuestionColumn<keyof Row & string>

/** Properties of a column that do not follow from its member. */
type Options<Member extends string> = Partial<Omit<QuestionColumn<Member>, 'of' | 'isNumber'>>

const NUMBERS: ReadonlySet<ColumnType> = new Set(['count', 'bytes', 'quantity', 'share', 'seconds'])

/** Returns a column. Its heading follows from the name of the member, and its values are texts, unless it says otherwise. */
export function column<Member extends string>(
  of: Member,
  more: Options<Member> = {},
): QuestionColumn<Member> {
  const { type = 'text' } = more
  return { of, heading: toHeading(of), isNumber: NUMBERS.has(type), ...more, type }
}

/** Returns a column of numbers that are shown with all digits. */
export function count<Member extends string>(of: Member, more: Options<Member> = {}): QuestionColumn<Member> {
  return column(of, { type: 'count', ...more })
}

/** Makes one row of rows that differ only in columns that collect values. Those columns become lists. Pure. */
export function collectRows<Row>(
  columns: readonly ColumnOf<Row>[],
  rows: readonly Row[],
): { columns: readonly ColumnOf<Row>[]; rows: readonly Row[] } {
  const collecting = columns.filter(({ collects }) => collects)
  if (collecting.length === 0) return { columns, rows }
  const others = columns.filter(({ collects }) => !collects)
  const alike = Map.groupBy(rows, row => JSON.stringify(others.map(({ of }) => row[of])))
  const collect = (own: readonly Row[]) => collecting.map(({ of }) => [of, own.map(row => row[of])])
  return {
    columns: columns.map(column => (column.collects ? { ...column, type: 'list' as const } : column)),
    rows: [...alike.values()].map(own => ({ ...(own[0] as Row), ...Object.fromEntries(collect(own)) })),
  }
}

/** Divides the known facts about a thing into those that stand beside each other, and those of several lines below. Pure. */
export function divideFacts<Row>(
  columns: readonly ColumnOf<Row>[],
  row: Row,
  face: NonNullable<QuestionColumn['only']>,
): Readonly<Record<'facts' | 'blocks', readonly ColumnOf<Row>[]>> {
  const known = columns.filter(
    ({ of, none, only = face }) => only === face && (row[of] !== null || none !== undefined),
  )
  const blocks = known.filter(({ of, type }) => (type === 'content' || type === 'block') && row[of] !== null)
  return { facts: known.filter(column => !blocks.includes(column)), blocks }
}

/** Returns a heading such as `Failed at` for the member `failedAt`. */
function toHeading(member: string): string {
  const words = member.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
