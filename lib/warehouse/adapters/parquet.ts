/**
 * Warehouse as Parquet objects in the bucket of the history. Each step adds an object for each mart, with rows that readers merge.
 * The manifest names the objects that count and contains the watermarks, so writing it commits a step. An object that a killed run
 * has left is in no manifest.
 */
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import { padded } from '../../history/object-key.ts'
import { decodeColumns, ParquetFile } from '../../history/parquet.ts'
import type { HistoryStore } from '../../history/store.ts'
import { COLUMN_TYPES, type Mart, type MartRow, merged } from '../mart.ts'
import { MARTS } from '../marts.ts'
import {
  afterStep,
  type Step,
  WarehouseFailure,
  type WarehouseTarget,
  type Watermark,
  watermarkOfPartition,
} from '../target.ts'

const FOLDER = 'marts/'
const MANIFEST = `${FOLDER}manifest.json`
const VERSION = 1

interface MartObject {
  readonly mart: string
  readonly key: string
  readonly rows: number
}

interface Manifest {
  readonly version: number
  readonly watermarks: readonly Watermark[]
  /** Objects whose rows count. The objects of a partition are in the order of their offsets. */
  readonly objects: readonly MartObject[]
  /** Objects that were merged into others, and the time since when. A reader that has begun can still need them. */
  readonly unused: readonly { readonly key: string; readonly sinceMs: number }[]
  /** Last day on which objects were merged. */
  readonly compacted: string
}

const EMPTY: Manifest = { version: VERSION, watermarks: [], objects: [], unused: [], compacted: '' }

/** Time for which unused objects are kept, and that after which an object without a manifest counts as left behind. */
const UNUSED_MS = 3_600_000
const LEFT_BEHIND_MS = 24 * UNUSED_MS
/** Maximum number of rows that are merged at once, because they must be in memory. */
const MERGED_ROWS = 200_000

/** Returns the folder of the list of a mart's objects, in which there is no other object: Athena reads whole folders. */
export function listFolder(mart: string): string {
  return `${FOLDER}lists/${mart}/`
}

export class ParquetTarget implements WarehouseTarget {
  readonly kind = 'parquet'
  readonly location: string
  readonly #store: HistoryStore

  constructor(store: HistoryStore) {
    this.#store = store
    this.location = `${store.name}/${FOLDER}`
  }

  async open(): Promise<void> {
    await this.#manifest()
  }

  async watermarks(): Promise<readonly Watermark[]> {
    return (await this.#manifest()).watermarks
  }

  async apply(step: Step): Promise<boolean> {
    const { topic, partition, fromOffset, nextOffset } = step
    const manifest = await this.#manifest()
    const before = watermarkOfPartition(manifest.watermarks, step)
    if (before && before.nextOffset !== fromOffset) return false
    const objects: MartObject[] = []
    for (const [mart, rows] of step.changes) {
      if (rows.length === 0) continue
      const key = `${FOLDER}${mart.name}/topic=${topic}/${partition}-${padded(fromOffset)}-${padded(nextOffset - 1)}.parquet`
      await this.#store.put(key, encoded(mart, rows))
      objects.push({ mart: mart.name, key, rows: rows.length })
    }
    await this.#commit({
      ...manifest,
      watermarks: [...manifest.watermarks.filter(one => one !== before), afterStep(step, before)],
      objects: [...manifest.objects, ...objects],
    })
    return true
  }

  async announced(watermarks: readonly Watermark[]): Promise<void> {
    const manifest = await this.#manifest()
    const nextOf = new Map(watermarks.map(one => [nameOf(one), one.nextOffset]))
    const marks = manifest.watermarks.map(one => {
      return { ...one, announcedOffset: nextOf.get(nameOf(one)) ?? one.announcedOffset }
    })
    await this.#commit({ ...manifest, watermarks: marks })
  }

  async rows(name: string): Promise<readonly MartRow[]> {
    const mart = MARTS.find(one => one.name === name)
    if (!mart) return []
    const { objects } = await this.#manifest()
    const own = objects.filter(one => one.mart === name)
    return await this.#rowsIn(mart, own)
  }

  /**
   * Merges the objects of the days before once a day, and deletes objects that no reader can need any more. Lists the objects of each
   * mart for Athena, which reads a list at once: it never sees an object beside those that were merged into it.
   */
  async compact(nowMs: number): Promise<void> {
    const today = new Date(nowMs).toISOString().slice(0, 10)
    const manifest = await this.#manifest()
    if (manifest.compacted === today) return void (await this.#list(manifest))
    const objects: MartObject[] = []
    for (const mart of MARTS)
      for (const batch of batchesOf(manifest.objects.filter(one => one.mart === mart.name))) {
        const [first, second] = batch
        objects.push(first && second === undefined ? first : await this.#mergedInto(mart, batch, today))
      }
    const live = new Set(objects.map(({ key }) => key))
    const replaced = manifest.objects.filter(({ key }) => !live.has(key))
    const unused = [...manifest.unused, ...replaced.map(({ key }) => ({ key, sinceMs: nowMs }))]
    const kept = unused.filter(({ sinceMs }) => nowMs - sinceMs < UNUSED_MS)
    const compacted = { ...manifest, objects, unused: kept, compacted: today }
    await this.#commit(compacted)
    const lists = await this.#list(compacted)
    const named = new Set([MANIFEST, ...lists, ...live, ...kept.map(({ key }) => key)])
    const unneeded = unused.filter(one => !kept.includes(one)).map(({ key }) => key)
    for await (const { key, modifiedMs } of this.#store.list(FOLDER))
      if (!named.has(key) && nowMs - modifiedMs > LEFT_BEHIND_MS) unneeded.push(key)
    await this.#store.delete(unneeded)
  }

  async close(): Promise<void> {}

  async #mergedInto(mart: Mart, objects: readonly MartObject[], day: string): Promise<MartObject> {
    const rows = await this.#rowsIn(mart, objects)
    // The name follows from the contents, so that another run cannot replace the object by a different one.
    const key = `${FOLDER}${mart.name}/merged/${day}-${derivedId(...objects.map(one => one.key))}.parquet`
    await this.#store.put(key, encoded(mart, rows))
    return { mart: mart.name, key, rows: rows.length }
  }

  /** Writes the lists, and returns their keys. */
  async #list({ objects }: Manifest): Promise<string[]> {
    return await Promise.all(
      MARTS.map(async ({ name }) => {
        const keys = objects
          .filter(({ mart }) => mart === name)
          .map(({ key }) => `${this.#store.name}/${key}`)
        const list = `${listFolder(name)}objects.txt`
        await this.#store.put(list, Buffer.from(keys.join('\n')))
        return list
      }),
    )
  }

  async #rowsIn(mart: Mart, objects: readonly MartObject[]): Promise<MartRow[]> {
    const all: MartRow[][] = []
    for (const { key } of objects) {
      const bytes = await this.#store.get(key)
      if (!bytes)
        throw new WarehouseFailure(
          `${this.#store.name}/${key} is missing. Restore it, or delete ${MANIFEST} to load everything again.`,
        )
      all.push(await decoded(mart, bytes))
    }
    return merged(mart, all.flat())
  }

  async #manifest(): Promise<Manifest> {
    const bytes = await this.#store.get(MANIFEST)
    if (!bytes) return EMPTY
    const manifest: Manifest = JSON.parse(bytes.toString())
    if (manifest.version === VERSION) return manifest
    throw new WarehouseFailure(
      `${this.location} was written by a newer version of Sluice. Run that version, or use another bucket.`,
    )
  }

  async #commit(manifest: Manifest): Promise<void> {
    await this.#store.put(MANIFEST, Buffer.from(JSON.stringify(manifest)))
  }
}

function nameOf({ table, topic, partition }: Watermark): string {
  return `${table} ${topic} ${partition}`
}

/** Returns lists of consecutive objects that are merged into one. Large objects are not merged again. */
function batchesOf(objects: readonly MartObject[]): MartObject[][] {
  const batches: MartObject[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const object of objects) {
    rows += object.rows
    if (rows > MERGED_ROWS) {
      batches.push([])
      rows = object.rows
    }
    batches.at(-1)?.push(object)
  }
  return batches
}

async function decoded({ columns }: Mart, bytes: Buffer): Promise<MartRow[]> {
  const { rows, values } = await decodeColumns(bytes)
  const rowAt = (row: number) =>
    Object.fromEntries(columns.map(([name]) => [name, values[name]?.[row] ?? null])) as MartRow
  return Array.from({ length: rows }, (_, row) => rowAt(row))
}

function encoded(mart: Mart, rows: readonly MartRow[]): Buffer {
  const columns = mart.columns.map(([name, type]) => ({ name, type: COLUMN_TYPES[type] }))
  const file = new ParquetFile(columns)
  const values = columns.map(({ name }) => [name, rows.map(row => row[name] ?? null)] as const)
  file.append(Object.fromEntries(values), rows.length)
  return file.end()
}
