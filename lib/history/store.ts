/** Port to the place that keeps the objects of the history. */
import { Failure } from '../support/failure.ts'

/** Every method throws HistoryUnavailable if the place cannot be used at present. */
export interface HistoryStore {
  /** Place for messages, such as `s3://bucket`. */
  readonly name: string
  /**
   * Yields the keys that start with the prefix, in ascending order.
   *
   * @param after only keys after this text
   */
  list(prefix: string, after?: string): AsyncIterable<string>
  /** Returns the contents of an object; undefined if it does not exist. */
  get(key: string): Promise<Buffer | undefined>
  /** Writes a whole object, or replaces one. A reader sees the old contents or the new ones. */
  put(key: string, bytes: Uint8Array): Promise<void>
  close?(): void
}

/** Error of the history. The message names the place or the object. */
export class HistoryFailure extends Failure {}

/** The place of the history does not answer, or refuses access. */
export class HistoryUnavailable extends HistoryFailure {
  override readonly name = 'HistoryUnavailable'
}
