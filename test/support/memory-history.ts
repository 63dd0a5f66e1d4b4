/** History in memory, with the time of each change, and with calls that fail. */
import { dayOf, type HistoryObject, type ObjectRange, objectKey } from '../../lib/history/object-key.ts'
import { decodeColumns, encodeRows, ParquetFile, rowsFrom } from '../../lib/history/parquet.ts'
import { type HistoryQuery, rowsOfSlice, slicesOf } from '../../lib/history/read.ts'
import { type HistoryRow, rowsOf } from '../../lib/history/row.ts'
import { type HistoryStore, HistoryUnavailable, type StoredObject } from '../../lib/history/store.ts'
import type { HistoryTable } from '../../lib/history/tables.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { PlainReader } from '../../packages/runtime/pipeline/decoding/plain-records.ts'

/** Reads data that is JSON already. */
export const PLAIN: PlainReader = { read: event => event, prepare: async () => {} }

export class MemoryHistory implements HistoryStore {
  readonly name = 's3://history'
  readonly objects = new Map<string, Buffer>()
  readonly #changedMs = new Map<string, number>()
  /** Requests so far, such as `get key`. */
  readonly requests: string[] = []
  /** Called before each request. It may throw an error. */
  before: (request: string, number: number) => void | Promise<void> = () => {}
  /** Called after each request. It may throw an error. */
  after: (request: string, number: number) => void = () => {}
  nowMs: number

  constructor(nowMs = 0) {
    this.nowMs = nowMs
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const found = await this.#call(`list ${prefix}`, () =>
      [...this.objects].filter(([key]) => key.startsWith(prefix)),
    )
    for (const [key, bytes] of found.sort(([a], [b]) => (a < b ? -1 : 1)))
      yield { key, bytes: bytes.length, modifiedMs: this.#changedMs.get(key) ?? this.nowMs }
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#call(`get ${key}`, () => this.objects.get(key))
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#call(`put ${key}`, () => {
      this.objects.set(key, Buffer.from(bytes))
      this.#changedMs.set(key, this.nowMs)
    })
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#call(`delete ${keys.join()}`, () => {
      for (const key of keys) this.objects.delete(key)
    })
  }

  /** Fails the request with this number, counted from 1 from now on, before or after its effect. */
  failAt(number: number, isAfter = false): void {
    const last = this.requests.length + number
    this[isAfter ? 'after' : 'before'] = (request, one) => {
      if (one === last) throw new HistoryUnavailable(`no answer to ${request}`)
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

/** Writes records of one partition as an object, as the archiver or the compactor does. Returns its key. */
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

/** Returns the rows of an object. */
export async function decodeRows(table: HistoryTable, bytes: Buffer): Promise<HistoryRow[]> {
  return rowsFrom(table, await decodeColumns(bytes))
}

/** Yields the rows of a table, partition after partition. */
export async function* historyRows(store: HistoryStore, query: HistoryQuery): AsyncGenerator<HistoryRow[]> {
  for (const { slices } of await slicesOf(store, query))
    for (const slice of slices) yield* rowsOfSlice(store, slice)
}

export interface TestPart {
  readonly firstOffset: number
  readonly lastOffset: number
  /** Time of the first row. Each row is later than the one before by `stepMs`, by default a second. */
  readonly atMs: number
  readonly stepMs?: number
  readonly partition?: number
  readonly topic?: string
  /** Columns in addition to those of each record, with the value of a row. */
  readonly columns?: Readonly<Record<string, (offset: number) => string | number | null>>
}

const TABLE = 'alerts'
export const TEST_TOPIC = 'acme.sensors.alerts.test'

/** Returns the object of a part, without contents. */
export function partOf({
  firstOffset,
  lastOffset,
  atMs,
  partition = 0,
  topic = TEST_TOPIC,
}: TestPart): HistoryObject {
  const day = dayOf(atMs)
  const range = {
    table: TABLE,
    level: 'parts',
    topic,
    day,
    partition,
    firstOffset,
    lastOffset,
  } as const
  return { ...range, key: objectKey(range), bytes: 1_000, modifiedMs: atMs }
}

/** Writes a part as the archiver does. */
export async function writePart(store: HistoryStore, part: TestPart): Promise<string> {
  const { key, topic, partition } = partOf(part)
  const offsets = Array.from(
    { length: part.lastOffset - part.firstOffset + 1 },
    (_, row) => part.firstOffset + row,
  )
  const extra = Object.entries(part.columns ?? {}).map(([name, value]) => [name, offsets.map(value)] as const)
  const file = new ParquetFile([
    { name: 'topic', type: 'STRING' },
    { name: 'partition', type: 'INT32' },
    { name: 'offset', type: 'INT64' },
    { name: 'timestamp', type: 'TIMESTAMP' },
    ...extra.map(
      ([name, [value]]) => ({ name, type: typeof value === 'number' ? 'DOUBLE' : 'STRING' }) as const,
    ),
  ])
  const values = {
    topic: offsets.map(() => topic),
    partition: offsets.map(() => partition),
    offset: offsets,
    timestamp: offsets.map((_, row) => part.atMs + row * (part.stepMs ?? 1_000)),
    ...Object.fromEntries(extra),
  }
  file.append(values, offsets.length)
  await store.put(key, file.end())
  return key
}
