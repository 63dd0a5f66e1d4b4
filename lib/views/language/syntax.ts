/** Statements as the grammar reads them, before names and types are checked. */
import type { Scalar } from '../plan.ts'

/** Position in a text. Lines and columns start at 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Name {
  readonly text: string
  readonly at: Position
  /** True for a name in backquotes. */
  readonly isQuoted?: true
}

/** Node of an expression. The operators of SQL are calls too. */
export type Node = { readonly at: Position } & (
  | { readonly kind: 'literal'; readonly value: Scalar; readonly isInteger?: boolean }
  /** `source` is the stream or table before the dot. */
  | { readonly kind: 'name'; readonly name: string; readonly source?: Name }
  | CallNode
  | { readonly kind: 'cast'; readonly of: Node; readonly type: ColumnClause['type'] }
  | {
      readonly kind: 'case'
      readonly branches: readonly { readonly when: Node; readonly then: Node }[]
      readonly otherwise: Node
    }
)

export interface CallNode {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly Node[]
  readonly isDistinct?: boolean
  /** True for `COUNT(*)`. */
  readonly isStar?: true
  readonly at: Position
}

export interface WindowClause {
  readonly kind: 'tumbling' | 'hopping' | 'session'
  readonly settings: readonly { readonly name: SettingName; readonly ms: number; readonly at: Position }[]
  readonly at: Position
}

export type SettingName = 'size' | 'advance' | 'grace' | 'retention' | 'gap'

export interface Query {
  /** Columns, or null for `*`. */
  readonly items:
    | readonly { readonly value: Node; readonly text: string; readonly name: Name | null }[]
    | null
  readonly from: Name
  readonly alias: Name | null
  readonly window: WindowClause | null
  readonly where: Node | null
  readonly group: readonly Node[] | null
  readonly having: Node | null
  readonly emit?: 'changes' | 'final'
  readonly limit: number | null
}

export interface ColumnClause {
  readonly name: Name
  readonly type: Name | { readonly fields: readonly ColumnClause[] }
  readonly isKey: boolean
}

/** Clauses about a stream or table of the same name. */
interface Existing {
  readonly orReplace: boolean
  readonly ifNotExists: boolean
}

/** `start` is the offset of its text. */
export type Statement = { readonly text: string; readonly at: Position; readonly start: number } & (
  | (Existing & {
      readonly kind: 'stream'
      readonly name: Name
      /** Properties from which nothing follows. */
      readonly ignored: readonly string[]
      readonly columns: readonly ColumnClause[]
      readonly properties: readonly {
        readonly name: Name
        readonly value: Node & { readonly value: Scalar }
      }[]
    })
  | ({ readonly kind: 'table'; readonly name: Name; readonly ignored: readonly string[] } & Query & Existing)
  | ({ readonly kind: 'select' } & Query)
  | { readonly kind: 'show'; readonly of: 'tables' | 'streams' }
  | { readonly kind: 'describe'; readonly name: Name }
  | {
      readonly kind: 'drop'
      readonly of: 'table' | 'stream'
      readonly name: Name
      readonly ifExists: boolean
    }
)

/** File with statements. */
export interface StatementFile {
  readonly name: string
  readonly text: string
  /** Time of the last save; absent for a text that is not saved yet. */
  readonly savedAtMs?: number
}

/** Statement that changes the plan. */
export type ChangingStatement = Extract<Statement, { readonly kind: 'stream' | 'table' | 'drop' }>

/** Reads the statements of a text. @throws StatementError for a text that is not SQL, or not supported */
export type Parse = (text: string) => readonly Statement[]
