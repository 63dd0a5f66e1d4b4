/** Answers SQL statements over the history and the topics, with files in a private folder. */
import type { HistoryTable } from '../../lib/history/index.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { SqlDatabase } from './database.ts'
import { type LoadProgress, loadTable, type SqlSources } from './load-table.ts'
import { findViews, listTables, type RecordTimes } from './views.ts'

export interface SqlQuestion extends RecordTimes {
  /** One or more SQL statements. */
  readonly statements: string
}

export interface SqlWork {
  /** Private folder, which exists and is empty. The caller removes it. */
  readonly folder: string
  readonly progress: LoadProgress
  /** Receives sentences about records that are missing in the result. */
  readonly notice: (sentence: string) => void
  readonly stop: AbortSignal
}

/** Interval at which a running statement is interrupted after the user has stopped it, in milliseconds. */
const INTERRUPT_MS = 100

export function createProgress(): LoadProgress {
  return { objects: 0, objectsInAll: 0, bytes: 0, records: 0, recordsInAll: 0 }
}

/** Returns a line such as `12 of 40 objects (3.2 MB) and 100 of 2000 records of the topics read, query 20 % complete`. */
export function formatProgress(
  { objects, objectsInAll, bytes, records, recordsInAll }: LoadProgress,
  share: number,
): string {
  const read = `${objects} of ${objectsInAll} objects (${(bytes / 1e6).toFixed(1)} MB) and ${records} of ${recordsInAll} records of the topics read`
  return share > 0 ? `${read}, query ${Math.round(share * 100)} % complete` : read
}

/**
 * Loads the tables that the statements name, and opens a database with them.
 *
 * @param sources opens the sources. Their store is closed at the end.
 * @param use uses the database, which is then closed
 * @throws the reason of the signal if the work is stopped
 * @throws HistoryFailure if the history cannot be read; see also `loadTable`, `SqlDatabase.open` and `SqlDatabase.complete`
 */
export async function withSqlDatabase<T>(
  families: Families,
  { statements, ...times }: SqlQuestion,
  sources: () => Promise<SqlSources>,
  { folder, progress, notice, stop }: SqlWork,
  use: (database: SqlDatabase) => Promise<T>,
): Promise<T> {
  const database = await SqlDatabase.open(folder)
  let from: SqlSources | undefined
  // Interrupt repeatedly, because an interrupt between two statements has no effect.
  const interrupts = setInterval(() => stop.aborted && database.interrupt(), INTERRUPT_MS)
  try {
    const views = findViews(statements)
    const tables = listTables(views)
    const loaded = new Map<HistoryTable, readonly string[]>()
    if (tables.length > 0) from = await sources()
    for (const table of tables) {
      const files = await loadTable(families, table, from as SqlSources, times, {
        folder: database.folder,
        progress,
        stop,
        notice,
      })
      loaded.set(table, files)
    }
    await database.complete(families, loaded, times, views, from?.brought)
    return await use(database)
  } catch (error) {
    stop.throwIfAborted()
    throw error
  } finally {
    clearInterval(interrupts)
    from?.store?.close?.()
    database.close()
  }
}
