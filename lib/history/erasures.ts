/**
 * List of erasures in the bucket. Whoever writes rows applies it, so that an erased entity does not return when a part is written
 * again or compacted.
 */
import { jsonIn } from '../json.ts'
import { type HistoryErasure, lastErased, withMark, withoutErased } from './erased.ts'
import { type ObjectRange, objectKey } from './object-key.ts'
import { DamagedObject, rewritten } from './parquet.ts'
import type { HistoryStore } from './store.ts'

const PREFIX = 'erasures/'
/** Time for which the list is not read again, in milliseconds. */
const FRESH_MS = 60_000

/** Adds an erasure to the list. Rows that are written from now on do not contain its entities. */
export function putErasure(store: HistoryStore, erasure: HistoryErasure): Promise<void> {
  return store.put(`${PREFIX}${erasure.id}.json`, Buffer.from(JSON.stringify(erasure)))
}

/** Reads the list of erasures. An erasure never changes, so each is read once. */
export class ErasureList {
  readonly #store: HistoryStore
  readonly #nowMs: () => number
  #erasures = new Map<string, HistoryErasure>()
  /** The same array until an erasure is added. */
  #list: readonly HistoryErasure[] = []
  #readAtMs = Number.NEGATIVE_INFINITY

  /** @param nowMs monotonic clock, in milliseconds */
  constructor(store: HistoryStore, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** Returns the erasures, which may be a minute old. `putWithoutErased` also notices later ones. */
  async recent(): Promise<readonly HistoryErasure[]> {
    return this.#nowMs() - this.#readAtMs < FRESH_MS ? this.#list : await this.current()
  }

  /**
   * Returns the erasures that the bucket has now.
   *
   * @throws DamagedObject if the list has an object that is not an erasure
   */
  async current(): Promise<readonly HistoryErasure[]> {
    const readAtMs = this.#nowMs()
    for await (const { key } of this.#store.list(PREFIX)) {
      // Such as the empty object that the S3 console writes for a new folder.
      if (this.#erasures.has(key) || !key.endsWith('.json')) continue
      const erasure = jsonIn(String(await this.#store.get(key)))
      if (!isErasure(erasure)) throw new DamagedObject(`${key} is not an erasure`)
      this.#erasures.set(key, erasure)
    }
    // Another call at the same time may have added some, so the number is compared.
    if (this.#list.length !== this.#erasures.size) this.#list = [...this.#erasures.values()]
    this.#readAtMs = readAtMs
    return this.#list
  }
}

/**
 * Writes an object without the contents of erased rows. If an erasure is added meanwhile, the object is written again, because the
 * command that erases may have passed its place before. Every writer of rows uses this function.
 *
 * @param bytes contents of the object before erasures
 */
export async function putWithoutErased(
  { store, erasures }: { readonly store: HistoryStore; readonly erasures: ErasureList },
  range: ObjectRange,
  bytes: Buffer,
): Promise<void> {
  let applied = await erasures.recent()
  for (;;) {
    await store.put(objectKey(range), (await objectWithoutErased(range, bytes, applied)).contents)
    const list = await erasures.current()
    if (list === applied) return
    applied = list
  }
}

/**
 * Returns the object without the contents of erased rows, and the number of rows that changed.
 *
 * @param bytes contents of the object. They are returned unchanged if no row changes.
 * @throws DamagedObject if the object cannot be read
 */
export async function objectWithoutErased(
  { table, topic, partition, firstOffset }: ObjectRange,
  bytes: Buffer,
  erasures: readonly HistoryErasure[],
): Promise<{ readonly contents: Buffer; readonly changed: number }> {
  const list = erasures.filter(erasure => lastErased(erasure, topic, partition) >= firstOffset)
  if (list.length === 0) return { contents: bytes, changed: 0 }
  let changed = 0
  const contents = await rewritten(bytes, read => {
    const kept = withoutErased(table, read, list)
    changed += kept.changed
    return { ...kept, columns: withMark(kept.columns) }
  })
  return { contents: changed > 0 ? contents : bytes, changed }
}

function isErasure(value: unknown): value is HistoryErasure {
  const { entities, upTo } = (value ?? {}) as Partial<HistoryErasure>
  return Array.isArray(entities) && typeof upTo === 'object' && upTo !== null
}
