/** A history in memory, with the time of each change, and with calls that fail. */

import { dayOf, type HistoryObject, objectKey } from '../../lib/history/object-key.ts'
import { ParquetFile } from '../../lib/history/parquet.ts'
import type { HistoryStore, StoredObject } from '../../lib/history/store.ts'

export class MemoryHistory implements HistoryStore {
  readonly name = 'memory'
  readonly objects = new Map<string, { readonly bytes: Buffer; readonly modifiedMs: number }>()
  nowMs: number
  calls = 0
  /** Number of the call that fails, counted from 1, and whether it has its effect before. */
  failing: { readonly call: number; readonly after: boolean } | undefined

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const found = await this.#call(() => [...this.objects].filter(([key]) => key.startsWith(prefix)))
    for (const [key, { bytes, modifiedMs }] of found.sort()) yield { key, bytes: bytes.length, modifiedMs }
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#call(() => this.objects.get(key)?.bytes)
  }

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#call(() => void this.objects.set(key, { bytes: Buffer.from(bytes), modifiedMs: this.nowMs }))
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#call(() => {
      for (const key of keys) this.objects.delete(key)
    })
  }

  async #call<T>(effect: () => T): Promise<T> {
    this.calls += 1
    const { call, after } = this.failing ?? {}
    if (call !== this.calls) return effect()
    if (after) effect()
    throw new Error('crash')
  }
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
