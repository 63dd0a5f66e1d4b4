/** Copies objects of the history between two places. An interrupted copy can be repeated. */
import { DamagedObject } from '../../history/parquet.ts'
import { damaged } from '../../history/read.ts'
import type { HistoryStore } from '../../history/store.ts'
import type { HistoryTable } from '../../history/tables.ts'
import type { ManifestEntry } from './manifest.ts'

/** Part of the history to copy. */
export interface CopyPlan {
  /** Name of this environment. */
  readonly env: string
  readonly tables: readonly HistoryTable[]
  /** Bounds of the records' timestamps, in milliseconds since the epoch. Whole objects are copied. */
  readonly sinceMs?: number
  readonly untilMs?: number
  /** True to replace objects that have other contents, and to skip the checks of an import. */
  readonly force: boolean
}

export interface CopyPorts {
  readonly from: HistoryStore
  readonly to: HistoryStore
  readonly stop: AbortSignal
  onProgress(done: number, total: number): void
}

export interface CopyReport {
  readonly from: string
  readonly to: string
  copied: number
  /** Objects that were already there, with the same contents. */
  skipped: number
  rows: number
  /** Objects and partitions that were not copied, with the reasons. */
  readonly problems: string[]
}

/** Object to copy. */
export interface CopiedObject {
  readonly key: string
  /** Key at the target. */
  readonly as: string
}

/**
 * Copies objects one after another. Problems with single objects are reported, and the others are copied.
 *
 * @param contents returns the contents for the target, and the object's entry in the manifest. It throws DamagedObject for an
 * unusable object.
 * @param write writes an object to the target
 * @returns the report, and the entries of the objects that the target now has
 */
export async function copyObjects<One extends CopiedObject>(
  objects: readonly One[],
  { from, to, stop, onProgress }: CopyPorts,
  force: boolean,
  contents: (
    object: One,
    bytes: Buffer,
  ) => Promise<{ readonly bytes: Buffer; readonly entry: ManifestEntry }>,
  write: (object: One, bytes: Buffer) => Promise<void>,
): Promise<{ readonly report: CopyReport; readonly entries: readonly ManifestEntry[] }> {
  const report: CopyReport = { from: from.name, to: to.name, copied: 0, skipped: 0, rows: 0, problems: [] }
  const entries: ManifestEntry[] = []
  const copy = async (object: One): Promise<string | undefined> => {
    const original = await from.get(object.key)
    if (!original) return `${from.name}/${object.key} does not exist any more: repeat the command.`
    const { bytes, entry } = await contents(object, original)
    const existing = await to.get(object.as)
    const isSame = existing?.equals(bytes) ?? false
    if (existing && !isSame && !force)
      return `${to.name}/${object.as} has other contents, and was kept. Use --force to replace it.`
    if (!isSame) await write(object, bytes)
    report[isSame ? 'skipped' : 'copied'] += 1
    report.rows += entry.rows
    entries.push(entry)
    return undefined
  }
  for (const [index, object] of objects.entries()) {
    stop.throwIfAborted()
    onProgress(index, objects.length)
    const problem = await copy(object).catch(error => {
      if (!(error instanceof DamagedObject)) throw error
      return damaged(from, object.key, error).message
    })
    if (problem !== undefined) report.problems.push(problem)
  }
  onProgress(objects.length, objects.length)
  return { report, entries }
}
