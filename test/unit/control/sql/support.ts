import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogRecord } from '#runtime/cloudevents'
import { logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { SqlDatabase } from '../../../../control/sql/database.ts'
import type { SqlSources } from '../../../../control/sql/load-table.ts'
import type { SqlValue } from '../../../../control/sql/plain-value.ts'
import { createProgress, type SqlQuestion, withSqlDatabase } from '../../../../control/sql/sql-question.ts'
import type { HistoryStore } from '../../../../lib/history/store.ts'
import type { TypeSchema } from '../../../../lib/schemas/json-schema.ts'
import { FAMILIES } from '../../../support/families.ts'

const TOPIC = 'alerts'

const folders: string[] = []
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Returns a new private folder, which is removed when this process ends. */
export function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sql-test-'))
  folders.push(folder)
  return folder
}

interface Contents {
  /** Records of all topics; by default, none. */
  readonly records?: readonly LogRecord[]
  readonly store?: HistoryStore | undefined
  /** First offset that Kafka still has, by topic and partition such as `alerts/0`; 0 if absent. */
  readonly starts?: Readonly<Record<string, number>>
  readonly partitions?: number
  /** Schemas of the types that inputs bring. */
  readonly brought?: readonly TypeSchema[]
}

/** Sources whose topics are named as their tables. */
function createSources({
  records = [],
  store,
  starts = {},
  partitions = 1,
  brought = [],
}: Contents): SqlSources {
  const kept = records.filter(record => record.offset >= (starts[`${record.topic}/${record.partition}`] ?? 0))
  return {
    store,
    topics: table => [table],
    reach: async (topic, timeMs) => {
      const logs = Array.from({ length: partitions }, (_, partition) =>
        records.filter(record => record.topic === topic && record.partition === partition),
      )
      const bounds = logs.map((log, partition) => ({
        start: starts[`${topic}/${partition}`] ?? 0,
        end: Math.max(-1, ...log.map(({ offset }) => offset)) + 1,
      }))
      const at = (partition: number, ms: number) =>
        logs[partition]?.find(record => record.timestampMs >= ms)?.offset ?? bounds[partition]?.end ?? 0
      return {
        bounds,
        atTime: timeMs === undefined ? [] : logs.map((_, partition) => at(partition, timeMs)),
      }
    },
    log: async () => new MemoryLogReader(kept),
    reader: { read: event => event, prepare: async () => {} },
    brought,
  }
}

/** Asks once, as a command does. Returns the rows of all answers, and the notices. */
export async function askQuestion(
  contents: Contents,
  sql: string,
  times: Omit<SqlQuestion, 'statements'> = {},
  folder = privateFolder(),
  families = FAMILIES,
): Promise<{
  rows: Record<string, SqlValue>[]
  notices: string[]
  progress: ReturnType<typeof createProgress>
}> {
  const notices: string[] = []
  const progress = createProgress()
  const stop = new AbortController().signal
  const rows = await withSqlDatabase(
    families,
    { statements: sql, ...times },
    async () => createSources(contents),
    { folder, progress, notice: text => notices.push(text), stop },
    database => answered(database, sql, text => notices.push(text)),
  )
  return { rows, notices, progress }
}

/** An empty database, which the caller closes. */
export async function emptyDatabase(): Promise<SqlDatabase> {
  const database = await SqlDatabase.open(privateFolder())
  await database.complete(FAMILIES, new Map(), {}, new Set(['alerts']))
  return database
}

/** The rows of all answers, each as an object. */
export async function answered(
  database: SqlDatabase,
  sql: string,
  notice?: (sentence: string) => void,
): Promise<Record<string, SqlValue>[]> {
  const all: Record<string, SqlValue>[] = []
  for await (const { columns, rows } of database.run(sql, notice))
    for await (const row of rows())
      all.push(Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null])))
  return all
}

/** Asks a database whose alerts topic holds these events, in this order. */
export async function asked(
  contents: readonly Parameters<typeof logRecord>[1][],
  sql: string,
): Promise<Record<string, SqlValue>[]> {
  const records: LogRecord[] = contents.map((content, offset) => logRecord(offset, content, { topic: TOPIC }))
  return (await askQuestion({ records }, sql)).rows
}
