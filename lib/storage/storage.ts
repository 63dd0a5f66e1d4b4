/** Ports to a database, which have two implementations in `adapters/`. */
import type { Rows } from './table.ts'
import type { Dialect } from './views.ts'

export interface Storage {
  /** Location for messages, without a password. */
  readonly location: string
  /**
   * Writes rows in one transaction. The first call connects, and creates or migrates the tables.
   *
   * @param existing treatment of rows whose key is stored already
   * @returns the number of rows that were added or replaced, without those that follow from others
   * @throws RetryableError if the rows cannot be written at present
   * @throws PermanentError if the database refuses a row; then no row is written
   *
   * The messages contain neither data nor passwords.
   */
  write(rows: Rows, existing: 'replace' | 'keep'): Promise<number>
  close(): Promise<void>
}

/** A statement in the SQL of a database. Its parameters are `?`, in the order of the values. */
export type Question = (dialect: Dialect) => {
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** Columns of a row by name. Times are `Date` or, in SQLite, texts. */
export type StoredRow = Readonly<Record<string, unknown>>

export interface StorageReader {
  /**
   * Returns the rows of a question, which cannot write.
   *
   * @throws RetryableError if the database cannot be read at present. The message contains neither data nor passwords.
   */
  read(question: Question): Promise<readonly StoredRow[]>
  close(): Promise<void>
}

/** Reason for a missing table. */
export const NOTHING_YET = '`storage` has not created its tables yet. They come with its next record.'
