/**
 * A question to a running environment, as one value: how it is asked, how it is read, and how its answer is shown. The command, its
 * `--json`, the route of HTTP and the page of the console follow from it.
 */
import type { Column } from './column.ts'
import type { Environment } from './environment.ts'
import type { Fields, Filter } from './field.ts'

/** Limits of an answer. A command has few; a page has all, so that it answers soon. */
export interface Limits {
  /** Maximum number of rows. */
  readonly most: number
  /** Maximum number of records that are read from a topic. */
  readonly mostRecords: number
  /** Time after which the answer consists of what has been read, in milliseconds; absent for no limit. */
  readonly withinMs?: number
  /** Signal that ends the reading of a command. */
  readonly stop?: AbortSignal
  /** Current time, in milliseconds since the epoch. */
  readonly nowMs: number
}

/** Returns a signal that is aborted when the reading must end. */
export function createSignal({ withinMs, stop }: Pick<Limits, 'withinMs' | 'stop'>): AbortSignal {
  const signals = [
    ...(stop ? [stop] : []),
    ...(withinMs === undefined ? [] : [AbortSignal.timeout(withinMs)]),
  ]
  return AbortSignal.any(signals)
}

/** Answer to a question. `--json` prints it, and the route sends it. */
export interface Answer<Row> {
  readonly rows: readonly Row[]
  /** Number of matching rows that were left out. */
  readonly more: number
  /** Sentences about what is missing, or needs attention. */
  readonly notes: readonly string[]
}

/** Answer as a question reads it. Without further members, it left nothing out, and there is nothing to say. */
interface Found<Row> {
  readonly rows: readonly Row[]
  readonly more?: number
  readonly notes?: readonly string[]
}

/** How a question is asked, and how its answer is read. */
interface Asked<Of extends Fields, Row> {
  readonly title: string
  /** Description of the command, in paragraphs. */
  readonly about: string
  /** Further paragraphs and examples of the command. */
  readonly more: string
  readonly filter: Of
  /** Number of rows that a command shows unless it is told otherwise, newest first; all if absent. */
  readonly usual?: number
  /** Limits of pages that differ from the usual ones. */
  readonly onPage?: Partial<Limits>
  /** True for a question about a whole cluster, which need not have topics of the environment. */
  readonly ofCluster?: true
  /** Time for which pages share an answer, in milliseconds; one second by default. */
  readonly sharedMs?: number
  /** @throws the errors of `lib/queries` */
  read(environment: Environment, filter: Filter<Of>, limits: Limits): Promise<Found<Row>>
}

/** How the rows of an answer are shown: as a table or, with sections, each for itself. */
interface Shown<Row> {
  /** Member that identifies a row. */
  readonly key: keyof Row & string
  /** Columns of the table, or facts about a thing that is shown for itself. */
  readonly columns: readonly Column<keyof Row & string>[]
  /** Tables below the facts of a thing, in order. */
  readonly sections?: readonly SectionOf<Row>[]
  /** Sentence for an answer without rows and notes. It explains why, and what to do. */
  readonly empty: string
  /** Returns the flat documents of rows, in snake_case; absent if the command cannot print any. */
  flat?(environment: Environment, rows: readonly Row[]): Promise<readonly object[]>
  /** Returns the bytes of a row; absent if the command cannot write any. */
  raw?(row: Row): Uint8Array
}

/** Table about a thing: a list in one of its members. A list that is null is not shown. */
export interface Section {
  readonly of: string
  readonly title: string
  /** Member that identifies a row of the list. */
  readonly key: string
  readonly columns: readonly Column[]
  /** Sentence for a list without rows. */
  readonly empty: string
  /** Face that alone shows the section; all if absent. A page shows such a section folded. */
  readonly only?: 'terminal' | 'page'
}

/** Section over a member of the row that is a list. */
type SectionOf<Row> = {
  readonly [Member in keyof Row & string]: NonNullable<Row[Member]> extends readonly (infer Item)[]
    ? Section & {
        readonly of: Member
        readonly key: keyof Item & string
        readonly columns: readonly Column<keyof Item & string>[]
      }
    : never
}[keyof Row & string]

export interface Question<Of extends Fields, Row> extends Asked<Of, Row>, Shown<Row> {}

/** Declares a question: how it is asked and read and, in a second step, which members of its rows are shown. */
export function question<Of extends Fields, Row>(asked: Asked<Of, Row>) {
  return { shownAs: (shown: Shown<Row>): Question<Of, Row> => ({ ...asked, ...shown }) }
}

/** Asks a question. A list is cut to its limit; a thing limits its own lists. @throws the errors of its `read` */
export async function ask<Of extends Fields, Row>(
  { read, sections }: Pick<Question<Of, Row>, 'read'> & { readonly sections?: unknown },
  environment: Environment,
  filter: Filter<Of>,
  limits: Limits,
): Promise<Answer<Row>> {
  const { rows: found, more = 0, notes = [] } = await read(environment, filter, limits)
  const rows = sections === undefined ? found.slice(0, limits.most) : found
  return { rows, more: more + found.length - rows.length, notes }
}
