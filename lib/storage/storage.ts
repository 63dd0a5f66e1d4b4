/** Port to a database, which has two implementations in `adapters/`. */
import type { Rows } from './table.ts'

export interface Storage {
  /** Location for messages, without a password. */
  readonly location: string
  /**
   * Writes rows in one transaction. The first call connects, and creates or migrates the tables.
   *
   * @param existing treatment of rows whose key is stored already
   * @returns the number of rows that were added or replaced
   * @throws RetryableError if the rows cannot be written at present
   * @throws PermanentError if the database refuses a row; then no row is written
   *
   * The messages contain neither data nor passwords.
   */
  write(rows: Rows, existing: 'replace' | 'keep'): Promise<number>
  close(): Promise<void>
}
