/** Compacts the history in a store, and deletes superseded and expired objects. `compaction.ts` has the rules. */
import {
  COMPACTION_LIMITS,
  type CompactionGroup,
  type CompactionLimits,
  compactionGroups,
  expiredObjects,
  type Frontier,
  frontierText,
  movedFrontier,
  nextFrontier,
  overlappingObjects,
  parseFrontiers,
  settledOffset,
  supersededObjects,
} from './compaction.ts'
import { coverage, missingRanges, type PartitionRange, type Slice } from './coverage.ts'
import { type KeyColumns, keyColumns, type LoadedSlice, mergedParts, UnusableObject } from './merge.ts'
import { frontierKey, type HistoryObject, objectKey } from './object-key.ts'
import { objectBytes, objectsOf } from './read.ts'
import type { HistoryStore } from './store.ts'
import { HISTORY_TABLES, type HistoryTable } from './tables.ts'

/** Number of objects that are read at the same time. */
const READ_AT_ONCE = 8

/**
 * Finding of a compaction. The data of no object is lost. `unusable`: an object is damaged or foreign, and its partition waits.
 * `recreated`: a part has other records than the compacted objects of its offsets, because its topic was created again; it is kept.
 * `missing`: the archiver has not written a range. `overlapping`: an object has rows that another compacted object has too.
 */
export type CompactionProblem =
  | { readonly kind: 'unusable'; readonly key: string; readonly reason: string }
  | ({ readonly kind: 'recreated' | 'overlapping'; readonly key: string } & PartitionRange)
  | ({ readonly kind: 'missing' } & PartitionRange)

/** Parameters of a compaction. */
export interface CompactionRun {
  /** Retention of tables in milliseconds. The rows of other tables are kept forever. */
  readonly retention: Readonly<Partial<Record<HistoryTable, number>>>
  readonly limits?: CompactionLimits
  /** Returns the time in milliseconds since the epoch. */
  nowMs(): number
  /** Returns whether the time suffices for another object. */
  hasTime(): boolean
  report(problem: CompactionProblem): void
}

/** Numbers of objects by outcome. */
export interface CompactionCounts {
  /** Compacted objects that were written. */
  compacted: number
  /** Parts that were merged into them. */
  merged: number
  /** Objects that were deleted because compacted objects contain their rows. */
  superseded: number
  /** Objects that were deleted because of the retention. */
  expired: number
  problems: number
  /** False if the time did not suffice. The next run continues. */
  finished: boolean
}

/**
 * Compacts all tables. If the run ends at any point, each row still counts once for a reader, and the next run continues. A second
 * compaction at the same time writes the same objects.
 *
 * @throws HistoryUnavailable if the store cannot be used
 */
export async function compactHistory(store: HistoryStore, run: CompactionRun): Promise<CompactionCounts> {
  const compaction = new Compaction(store, run)
  // Readings, which are the largest table, come last, so that they cannot use up the time of the others.
  for (const table of HISTORY_TABLES.toReversed()) await compaction.ofTable(table)
  return compaction.counts
}

class Compaction {
  readonly #store: HistoryStore
  readonly #run: CompactionRun
  readonly counts: CompactionCounts = {
    compacted: 0,
    merged: 0,
    superseded: 0,
    expired: 0,
    problems: 0,
    finished: true,
  }

  constructor(store: HistoryStore, run: CompactionRun) {
    this.#store = store
    this.#run = run
  }

  async ofTable(table: HistoryTable): Promise<void> {
    const reason = 'its name is not that of an object of the history'
    const objects = await objectsOf(this.#store, { table }, key =>
      this.#report({ kind: 'unusable', key, reason }),
    )
    const expired = expiredObjects(objects, this.#run.retention[table], this.#run.nowMs())
    await this.#delete(expired, 'expired')
    const gone = new Set(expired)
    const kept = objects.filter(one => !gone.has(one))
    for (const [topic, ofTopic] of Map.groupBy(kept, one => one.topic)) {
      if (!this.#hasTime()) return
      await this.#ofTopic(frontierKey(table, topic), ofTopic)
    }
  }

  async #ofTopic(key: string, objects: readonly HistoryObject[]): Promise<void> {
    const frontiers = await this.#frontiers(key)
    if (!frontiers) return this.#report({ kind: 'unusable', key, reason: 'it is not a frontier' })
    const moved = new Map<number, number>()
    for (const [partition, ofPartition] of Map.groupBy(objects, one => one.partition)) {
      const frontier = frontiers.get(partition)
      const from = frontier?.toOffset ?? -1
      const to = nextFrontier(await this.#ofPartition(ofPartition, frontier), from, this.#run.nowMs())
      if (to > from) moved.set(partition, to)
      const [{ topic }] = ofPartition as [HistoryObject]
      for (const range of missingRanges(coverage(ofPartition)))
        if (range.toOffset > from && range.toOffset <= to)
          this.#report({ kind: 'missing', topic, partition, ...range })
    }
    if (moved.size > 0) await this.#move(key, moved)
  }

  /** Returns the objects of the partition after the compaction. */
  async #ofPartition(
    objects: readonly HistoryObject[],
    frontier: Frontier | undefined,
  ): Promise<readonly HistoryObject[]> {
    for (const one of overlappingObjects(objects)) this.#report({ kind: 'overlapping', ...reported(one) })
    const written: HistoryObject[] = []
    try {
      await this.#deleteSuperseded(objects, frontier)
      for (const group of compactionGroups(objects, this.#run.limits ?? COMPACTION_LIMITS)) {
        if (!this.#hasTime()) break
        written.push(await this.#compacted(group))
      }
    } catch (error) {
      if (!(error instanceof UnusableObject)) throw error
      this.#report({ kind: 'unusable', key: error.key, reason: error.message })
    }
    return [...objects, ...written]
  }

  async #compacted({ range, slices }: CompactionGroup): Promise<HistoryObject> {
    const load = async (slice: Slice) => ({
      ...slice,
      bytes: await objectBytes(this.#store, slice.object.key),
    })
    const loaded: LoadedSlice[] = []
    for (let from = 0; from < slices.length; from += READ_AT_ONCE)
      loaded.push(...(await Promise.all(slices.slice(from, from + READ_AT_ONCE).map(load))))
    const bytes = await mergedParts(loaded)
    await this.#store.put(objectKey(range), bytes)
    this.counts.compacted += 1
    this.counts.merged += slices.length
    return { ...range, key: objectKey(range), bytes: bytes.length, modifiedMs: this.#run.nowMs() }
  }

  /** Deletes objects whose rows are in compacted objects, after comparing their first and last rows. */
  async #deleteSuperseded(objects: readonly HistoryObject[], frontier: Frontier | undefined): Promise<void> {
    const nowMs = this.#run.nowMs()
    const superseded = supersededObjects(objects, settledOffset(frontier, nowMs), nowMs)
    const compacted = new CompactedRows(objects, one => this.#keyColumns(one))
    for (let from = 0; from < superseded.length && this.#hasTime(); from += READ_AT_ONCE) {
      const some = superseded.slice(from, from + READ_AT_ONCE)
      const rows = await Promise.all(some.map(one => this.#keyColumns(one).catch(this.#unusable)))
      const same: HistoryObject[] = []
      for (const [index, one] of some.entries()) {
        const found = rows[index]
        if (!found) continue
        if (await compacted.contain(found)) same.push(one)
        else this.#report({ kind: 'recreated', ...reported(one) })
      }
      await this.#delete(same, 'superseded')
    }
  }

  readonly #unusable = (error: unknown): undefined => {
    if (!(error instanceof UnusableObject)) throw error
    this.#report({ kind: 'unusable', key: error.key, reason: error.message })
  }

  async #keyColumns(object: HistoryObject): Promise<KeyColumns> {
    const bytes = await this.#store.get(object.key)
    // Another compactor has deleted the object since it was listed.
    return bytes ? keyColumns(object, bytes) : { offsets: [], timestamps: [] }
  }

  async #frontiers(key: string): Promise<Map<number, Frontier> | undefined> {
    const bytes = await this.#store.get(key)
    return parseFrontiers(bytes?.toString() ?? '')
  }

  /** Moves the frontiers of a topic. They are read again, because another compactor may have moved them. */
  async #move(key: string, moved: ReadonlyMap<number, number>): Promise<void> {
    const frontiers = (await this.#frontiers(key)) ?? new Map<number, Frontier>()
    for (const [partition, toOffset] of moved)
      frontiers.set(partition, movedFrontier(frontiers.get(partition), toOffset, this.#run.nowMs()))
    await this.#store.put(key, Buffer.from(frontierText(frontiers)))
  }

  async #delete(objects: readonly HistoryObject[], reason: 'superseded' | 'expired'): Promise<void> {
    if (objects.length === 0) return
    await this.#store.delete(objects.map(({ key }) => key))
    this.counts[reason] += objects.length
  }

  #hasTime(): boolean {
    this.counts.finished &&= this.#run.hasTime()
    return this.counts.finished
  }

  #report(problem: CompactionProblem): void {
    this.counts.problems += 1
    this.#run.report(problem)
  }
}

/** Timestamps of the rows in the compacted objects of a partition. One object is in memory at a time. */
class CompactedRows {
  readonly #slices: readonly Slice[]
  readonly #read: (object: HistoryObject) => Promise<KeyColumns>
  #last: { readonly object: HistoryObject; readonly columns: KeyColumns } | undefined

  constructor(objects: readonly HistoryObject[], read: (object: HistoryObject) => Promise<KeyColumns>) {
    this.#slices = coverage(objects).filter(({ object }) => object.level === 'compacted')
    this.#read = read
  }

  /** Returns true if the first and the last row have the same timestamps in the compacted objects. */
  async contain({ offsets, timestamps }: KeyColumns): Promise<boolean> {
    if (offsets.length === 0) return true
    const ends = [
      [offsets[0], timestamps[0]],
      [offsets.at(-1), timestamps.at(-1)],
    ] as [number, number][]
    for (const [offset, timestamp] of ends) if ((await this.#timestampOf(offset)) !== timestamp) return false
    return true
  }

  async #timestampOf(wanted: number): Promise<number | undefined> {
    const slice = this.#slices.find(one => one.fromOffset <= wanted && wanted <= one.toOffset)
    if (!slice) return undefined
    const { object } = slice
    const columns = this.#last?.object === object ? this.#last.columns : await this.#read(object)
    this.#last = { object, columns }
    return columns.timestamps[columns.offsets.indexOf(wanted)]
  }
}

function reported({ key, topic, partition, firstOffset, lastOffset }: HistoryObject) {
  return { key, topic, partition, fromOffset: firstOffset, toOffset: lastOffset }
}
