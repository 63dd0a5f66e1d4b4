/** History in memory, with calls that fail. */

import type { LogRecord } from '#runtime/cloudevents'
import type { DataReader } from '#runtime/pipeline'
import { formatDay, formatObjectKey } from '../../lib/history/object-key.ts'
import { decodeColumns, encodeRows, rowsFrom } from '../../lib/history/parquet.ts'
import { type HistoryQuery, listSlices, rowsOfSlice } from '../../lib/history/read-history.ts'
import { type HistoryRow, toHistoryRows } from '../../lib/history/row.ts'
import { type HistoryStore, HistoryUnavailable } from '../../lib/history/store.ts'
import type { HistoryTable } from '../../lib/history/tables.ts'
import { FAMILIES } from './families.ts'

/** Reads data that is JSON already. */
const PLAIN: DataReader = { read: event => event, prepare: async () => {} }

export class MemoryHistory implements HistoryStore {
  readonly name = 's3://history'
  readonly objects = new Map<string, Buffer>()
  /** Requests so far, such as `get key`. */
  readonly requests: string[] = []
  /** Called before each request. It may throw an error. */
  before: (request: string, number: number) => void | Promise<void> = () => {}
  /** Called after each request. It may throw an error. */
  after: (request: string, number: number) => void = () => {}
  async *list(prefix: string, after = ''): AsyncGenerator<string> {
    const found = await this.#call(`list ${prefix}`, () =>
      [...this.objects.keys()].filter(key => key.startsWith(prefix) && key > after),
    )
    yield* found.sort()
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#call(`get ${key}`, () => this.objects.get(key))
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#call(`put ${key}`, () => void this.objects.set(key, Buffer.from(bytes)))
  }

  /** Fails the request with this number, counted from 1 from now on, before or after its effect. */
  failAt(number: number, isAfter = false): void {
    const last = this.requests.length + number
    this[isAfter ? 'after' : 'before'] = (request, value) => {
      if (value === last) throw new HistoryUnavailable(`no answer to ${request}`)
    }
  }

  /** Ends the effect of `failAt`. */
  recover(): void {
    this.before = () => {}
    this.after = () => {}
  }

  async #call<T>(request: string, effect: () => T): Promise<T> {
    const number = this.requests.push(request)
    await this.before(request, number)
    const result = effect()
    this.after(request, number)
    return result
  }
}

/** Writes records of one partition as an object, as the archiver does. Returns its key. */
export async function addObject(
  store: HistoryStore,
  table: HistoryTable,
  records: readonly LogRecord[],
  families = FAMILIES,
): Promise<string> {
  const [first, last] = [records[0], records.at(-1)] as [LogRecord, LogRecord]
  const { topic, partition, offset: firstOffset } = first
  const day = formatDay(first.timestampMs)
  const key = formatObjectKey({ table, topic, day, partition, firstOffset, lastOffset: last.offset })
  await store.put(key, encodeRows(families, table, await toHistoryRows(records, PLAIN)))
  return key
}

/** Returns the rows of an object. */
export async function decodeRows(table: HistoryTable, bytes: Buffer): Promise<HistoryRow[]> {
  return rowsFrom(FAMILIES, table, await decodeColumns(bytes))
}

/** Yields the rows of a table, partition after partition. */
export async function* historyRows(store: HistoryStore, query: HistoryQuery): AsyncGenerator<HistoryRow[]> {
  for (const { slices } of await listSlices(store, query))
    for (const slice of slices) yield* rowsOfSlice(FAMILIES, store, slice)
}
