/** Port to a service that answers SQL statements in the background, for pages, whose requests must be short. */
import type { AnswerColumn, SqlView } from './database.ts'
import type { Value } from './value.ts'

/** Maximum number of rows of an answer. */
export const MAX_ROWS = 1_000

export interface SqlRequest {
  readonly statements: string
  /** Only records written since then, in milliseconds since the epoch. Athena reads what the statements select instead. */
  readonly sinceMs?: number | undefined
}

export interface SqlAnswer {
  readonly state: 'done'
  readonly columns: readonly AnswerColumn[]
  /** First rows of the last result. */
  readonly rows: readonly (readonly Value[])[]
  /** True if the result has more rows. */
  readonly isCut: boolean
  readonly tookMs: number
  /** Sentences about records that are missing in the result. */
  readonly notices: readonly string[]
}

export type SqlState =
  | SqlAnswer
  | { readonly state: 'running'; readonly progress: string }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'cancelled' }

export interface SqlEngine {
  /** True if `sinceMs` limits the records that are read. */
  readonly takesSince: boolean
  /** Returns the views that statements can use, with their columns. */
  views(): Promise<readonly SqlView[]>
  /**
   * Starts a query, and returns its id.
   *
   * @throws OperationFailure if the query cannot be started
   */
  start(request: SqlRequest): Promise<string>
  /** Returns the state of a query; undefined if there is no query with this id, or its answer is no longer kept. */
  state(id: string): Promise<SqlState | undefined>
  /** Cancels a query. Without effect if the query has ended or does not exist. */
  cancel(id: string): Promise<void>
  /** Ends all queries that belong to this process. */
  close?(): Promise<void>
}
