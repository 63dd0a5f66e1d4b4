/** Answers the statements of one task, in a process of its own. See `local-engine.ts`. */
import { rmSync } from 'node:fs'
import { Connections } from '../../../packages/runtime/lambda/connections.ts'
import { useNames } from '../../app/topics.ts'
import type { SqlDatabase } from './database.ts'
import { MAX_ROWS, type SqlAnswer } from './engine.ts'
import type { SqlReport, SqlTask } from './local-engine.ts'
import { newProgress, progressText, withSqlDatabase } from './query.ts'
import { sqlSources } from './sources.ts'
import type { Value } from './value.ts'

/** Interval of progress messages, in milliseconds. */
const PROGRESS_MS = 250

const report = (message: SqlReport) => process.send?.(message)

async function answered({ config, aws, folder, statements, sinceMs }: SqlTask): Promise<SqlReport> {
  useNames(config.names)
  const beganMs = performance.now()
  const connections = new Connections(config, 'sluice-sql')
  const notices: string[] = []
  const notice = (sentence: string) => notices.push(sentence)
  const progress = newProgress()
  let database: SqlDatabase | undefined
  const timer = setInterval(() => {
    report({ state: 'running', progress: progressText(progress, database?.progress ?? 0) })
  }, PROGRESS_MS)
  try {
    return await withSqlDatabase(
      { statements, sinceMs },
      () => sqlSources({ config, connections, aws }, notice),
      { folder, progress, notice, stop: new AbortController().signal },
      async opened => {
        database = opened
        const last = await lastAnswer(opened, statements)
        const tookMs = Math.round(performance.now() - beganMs)
        return { state: 'done', ...last, tookMs, notices, views: opened.views }
      },
    )
  } catch (error) {
    return { state: 'failed', message: (error as Error).message }
  } finally {
    clearInterval(timer)
    await connections.close()
  }
}

async function lastAnswer(
  database: SqlDatabase,
  statements: string,
): Promise<Pick<SqlAnswer, 'columns' | 'rows' | 'isCut'>> {
  let last: Pick<SqlAnswer, 'columns' | 'rows' | 'isCut'> = { columns: [], rows: [], isCut: false }
  for await (const { columns, rows } of database.run(statements)) {
    const read: (readonly Value[])[] = []
    for await (const row of rows()) if (read.push(row) > MAX_ROWS) break
    last = { columns, rows: read.slice(0, MAX_ROWS), isCut: read.length > MAX_ROWS }
  }
  return last
}

process.once('message', async message => {
  const task = message as SqlTask
  // The console has ended, and cannot remove the folder.
  process.once('disconnect', () => {
    rmSync(task.folder, { recursive: true, force: true })
    process.exit()
  })
  process.send?.(await answered(task), () => process.disconnect())
})
