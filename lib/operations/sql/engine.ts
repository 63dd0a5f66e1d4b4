/** SQL statements that are answered in the background, for pages, whose requests must be short. */
import type { AnswerColumn } from './database.ts'
import type { Value } from './value.ts'

/** Maximum number of rows of an answer. */
export const MAX_ROWS = 1_000

export interface SqlRequest {
  readonly statements: string
  /** Only records written since then, in milliseconds since the epoch. */
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
