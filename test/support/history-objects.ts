/** History in memory, with faults. */
import { dayOf, type ObjectRange, objectKey } from '../../lib/history/object-key.ts'
import { decodeRows, encodeRows } from '../../lib/history/parquet.ts'
import { type HistoryRow, rowsOf } from '../../lib/history/row.ts'
import { type HistoryStore, HistoryUnavailable, type StoredObject } from '../../lib/history/store.ts'
import type { HistoryTable } from '../../lib/history/tables.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { PlainReader } from '../../packages/runtime/pipeline/decoding/plain-records.ts'

export const PLAIN: PlainReader = { read: event => event, prepare: async () => {} }

export class MemoryHistory implements HistoryStore {
  readonly name = 's3://history'
  readonly objects = new Map<string, Buffer>()
  /** Requests so far, such as `get key`. */
  readonly requests: string[] = []
  /** Called before each request. It may throw an error. */
  before: (request: string) => void | Promise<void> = () => {}

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    await this.#asked(`list ${prefix}`)
    for (const [key, bytes] of [...this.objects].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (key.startsWith(prefix)) yield { key, bytes: bytes.length, modifiedMs: 0 }
  }

  async get(key: string): Promise<Buffer | undefined> {
    await this.#asked(`get ${key}`)
    return this.objects.get(key)
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#asked(`put ${key}`)
    this.objects.set(key, Buffer.from(bytes))
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#asked(`delete ${keys.join()}`)
    for (const key of keys) this.objects.delete(key)
  }

  /** Fails the request with this number, counted from 1 from now on. */
  failAt(number: number): void {
    const last = this.requests.length + number
    this.before = request => {
      if (this.requests.length === last) throw new HistoryUnavailable(`no answer to ${request}`)
    }
  }

  async #asked(request: string): Promise<void> {
    this.requests.push(request)
    await this.before(request)
  }
}

/** Writes records of one partition as an object. Returns its key. */
export async function addObject(
  store: HistoryStore,
  table: HistoryTable,
  records: readonly LogRecord[],
  level: ObjectRange['level'] = 'parts',
): Promise<string> {
  const [first, last] = [records[0], records.at(-1)] as [LogRecord, LogRecord]
  const { topic, partition, offset: firstOffset } = first
  const day = dayOf(first.timestampMs)
  const key = objectKey({ table, level, topic, day, partition, firstOffset, lastOffset: last.offset })
  await store.put(key, encodeRows(table, await rowsOf(records, PLAIN)))
  return key
}

export async function rowsIn(store: HistoryStore, table: HistoryTable, key: string): Promise<HistoryRow[]> {
  return await decodeRows(table, (await store.get(key)) as Buffer)
}
