/**
 * A question to a running environment, as one value: how it is asked, how it is read, and how its answer is shown. The command, its
 * `--json`, the route of HTTP and the page of the console follow from it.
 */
import type { ColumnOf, QuestionColumn } from './column.ts'
import type { Environment } from './environment.ts'
import type { Fields, Filter } from './field.ts'
import { describeUnread } from './lag.ts'

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
export interface QuestionAnswer<Row> {
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
  /** True for a question about a whole cluster, which need not have topics of the environment. */
  readonly ofCluster?: true
  /** Consumers whose results the question is about. An answer without rows says which records still wait for them, or at an input. */
  readonly ofFlow?: 'all' | readonly string[]
  /** @throws the errors of `control/queries` */
  read(environment: Environment, filter: Filter<Of>, limits: Limits): Promise<Found<Row>>
}

/** Lists of a row by their members. Sections show them. A list that is null is not shown. */
export type WithLists<Lists> = { readonly [Member in keyof Lists]: readonly Lists[Member][] | null }

/** Types of the items of a row's lists. */
type ListsOf<Row> = {
  readonly [Member in keyof Row as NonNullable<Row[Member]> extends readonly object[]
    ? Member
    : never]: NonNullable<Row[Member]> extends readonly (infer Item)[] ? Item : never
}

/** Table about a thing: a list in one of its members. */
export interface Section<Member extends string, Key extends string> {
  readonly of: Member
  readonly title: string
  /** Member that identifies a row of the list. */
  readonly key: Key
  readonly columns: readonly QuestionColumn<Key>[]
  /** Sentence for a list without rows. */
  readonly empty: string
  /** Face that alone shows the section; all if absent. A page shows such a section folded. */
  readonly only?: 'terminal' | 'page'
}

/** Section over one of the lists. */
type SectionOf<Lists> = {
  readonly [Member in keyof Lists & string]: Section<Member, keyof Lists[Member] & string>
}[keyof Lists & string]

/** How the rows of an answer are shown: as a table or, with sections, each for itself. */
export interface Shown<Row, Lists> {
  readonly title: string
  /** Member that identifies a row. */
  readonly key: keyof Row & string
  /** Columns of the table, or facts about a thing that is shown for itself. */
  readonly columns: readonly ColumnOf<Row>[]
  /** Tables below the facts of a thing, in order. */
  readonly sections?: readonly SectionOf<Lists>[]
  /** Sentence for an answer without rows and notes. It explains why, and what to do. */
  readonly empty: string
}

/** Values that exist, by the names of fields. */
export type KnownValues = Readonly<Record<string, readonly string[]>>

/** Members of a question that one face alone has. */
interface Faces<Row> {
  readonly terminal?: {
    /** Number of rows that a command shows unless it is told otherwise, newest first; all if absent. */
    readonly usual?: number
    /** Returns the flat documents of rows, in snake_case; absent if the command cannot print any. */
    flat?(environment: Environment, rows: readonly Row[]): Promise<readonly object[]>
    /** Returns the bytes of a row; absent if the command cannot write any. */
    raw?(row: Row): Uint8Array
  }
  /** Limits of pages that differ from the usual ones. */
  readonly page?: Partial<Limits> & {
    /** Time for which pages share an answer, in milliseconds; one second by default. */
    readonly sharedMs?: number
    /** Returns the values of fields that exist, in order. */
    values?(environment: Environment): Promise<KnownValues>
  }
}

type AnyRow = Readonly<Record<string, unknown>>

/** Question whose types are not known. A visitor receives it with them. */
export interface AnyQuestion extends Shown<AnyRow, Readonly<Record<string, AnyRow>>> {
  readonly filter: Fields
  readonly ofFlow?: 'all' | readonly string[]
  visit<R>(visitor: QuestionVisitor<R>): R
}

type QuestionVisitor<R> = <Of extends Fields, Row, Lists>(question: Question<Of, Row, Lists>) => R

export interface Question<Of extends Fields, Row, Lists>
  extends Asked<Of, Row & WithLists<Lists>>,
    Shown<Row, Lists>,
    Faces<Row> {
  visit<R>(visitor: QuestionVisitor<R>): R
}

/** Declares a question: how it is asked and read and, in a second step, which members of its rows are shown. */
export function question<Of extends Fields, Row extends WithLists<Lists>, Lists = ListsOf<Row>>(
  asked: Asked<Of, Row>,
) {
  return {
    shownAs(shown: Omit<Shown<Row, Lists>, 'title'> & Faces<Row>): Question<Of, Row, Lists> {
      const declared: Question<Of, Row, Lists> = { ...asked, ...shown, visit: visitor => visitor(declared) }
      return declared
    },
  }
}

/** Asks a question. A list is cut to its limit; a thing limits its own lists. @throws the errors of its `read` */
export async function ask<Of extends Fields, Row>(
  {
    read,
    ofFlow,
    sections,
    empty,
  }: Pick<Asked<Of, Row>, 'read' | 'ofFlow'> & {
    readonly sections?: unknown
    readonly empty: string
  },
  environment: Environment,
  filter: Filter<Of>,
  limits: Limits,
): Promise<QuestionAnswer<Row>> {
  const { rows: found, more = 0, notes = [] } = await read(environment, filter, limits)
  const rows = sections === undefined ? found.slice(0, limits.most) : found
  const isUnread = ofFlow !== undefined && found.length === 0
  const unread = isUnread ? await describeUnread(environment, ofFlow, empty, limits.nowMs) : []
  return { rows, more: more + found.length - rows.length, notes: [...new Set([...unread, ...notes])] }
}
