import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { oneOf } from '#runtime/settings'
import { withTimeout } from '../../control/diagnosis/observe.ts'
import type { Config } from '../../control/environment/config.ts'
import type { Environment } from '../../control/questions/environment.ts'
import {
  type Filter,
  nameField,
  optionField,
  TIME_OR_AGO,
  withInitial,
} from '../../control/questions/field.ts'
import { type SqlAnswer, type SqlDatabase, SqlError } from '../../control/sql/database.ts'
import { openSqlSources } from '../../control/sql/open-sources.ts'
import { createQuestionViews } from '../../control/sql/question-views.ts'
import { createProgress, formatProgress, withSqlDatabase } from '../../control/sql/sql-question.ts'
import { answerFromStorage, isOfStorage } from '../../control/sql/storage-answer.ts'
import { readStorageUrl } from '../../lib/app/connections/storage.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import { normalizeText } from '../../lib/support/text-reader.ts'
import { DECLARED } from '../../lib/views/language/compilation.ts'
import { awsPlace } from '../../scripts/aws-endpoint.ts'
import { command, environment } from '../command.ts'
import { CliFailure, isStop, usageFailure } from '../failure.ts'
import { showLineLater } from '../output/progress.ts'
import { escapeTextLines } from '../output/text-width.ts'
import { requireEnvironment, withEnvironment } from '../servers/environment.ts'
import { resolveConfig, resolveEnvironment } from '../servers/settings.ts'
import { resolveStorage } from '../servers/storage.ts'
import { getColumns, type Terminal } from '../terminal.ts'
import { type AnswerFormat, FORMATS, FORMULAS, formatAnswer, formatCsvLine, type ReadAnswer } from './text.ts'

/**
 * Maximum number of rows that are printed as a table. All rows must be in memory before the first line is printed, because the
 * widths of the columns depend on them.
 */
const MAX_ROWS = 50_000

const UNBOUNDED = Number.POSITIVE_INFINITY

type SqlOptions = Filter<typeof OPTIONS>

const OPTIONS = {
  since: optionField(
    '<time>',
    'only records written since: an RFC 3339 time, or a duration before now',
    TIME_OR_AGO,
  ),
  until: optionField('<time>', 'only records written before: the log as of then', TIME_OR_AGO),
  format: withInitial(
    optionField('<format>', `format of the results: ${FORMATS.join(', ')}`, oneOf(FORMATS)),
    'table',
  ),
  formulas: withInitial(
    optionField('<how>', 'texts in CSV that a spreadsheet would run: keep, escape', oneOf(FORMULAS)),
    'keep',
  ),
  env: environment('to look at'),
}

export default command({
  about: `Query readings, events, alerts, statistics and dead letters with SQL. The queries run in DuckDB, over the history and the
records of the topics that are not in it yet.

readings, events, alerts, analytics and dead_letters have a row for each event of their topics. records has a row for
each record, and includes ticks, rule sets and records that are not events. Times are UTC. open_dead_letters, topics,
groups and silences have the rows of the commands that list them.

A SELECT from a table of config/views is answered with its rows now or, with EMIT CHANGES, with their changes until
Ctrl-C. SHOW TABLES and DESCRIBE work too. A SELECT from alert_log and the other tables and views of the function
storage is answered by its database, in the SQL of PostgreSQL or SQLite.`,
  more: `
Only the views that the statements name are loaded, into a private folder that is removed at the end. With --since,
fewer objects are fetched.

Statements cannot change anything outside of this call: they have no access to other files or the network. Several
statements are separated by semicolons. docs/history.md lists the columns; so does DESCRIBE readings.

Examples:
  sluice sql "SELECT rule, count(*) FROM alerts GROUP BY ALL"
  sluice sql "SELECT subject, max(time) FROM readings GROUP BY ALL" --since 7d
  sluice sql "SELECT * FROM device_activity_counts EMIT CHANGES"
  sluice sql "SELECT alert_type, count(*) FROM alert_log GROUP BY alert_type"
  sluice sql "$(cat report.sql)" --format csv --formulas escape > for-a-spreadsheet.csv`,
  fields: {
    sql: nameField('statements'),
    ...OPTIONS,
  },
  async run({ sql, ...options }, terminal) {
    const statements = normalizeText(sql)
    if (options.formulas === 'escape' && options.format !== 'csv')
      throw usageFailure('--formulas escape is for spreadsheets: add --format csv.')
    if (await tryTables(statements, options, terminal)) return
    if (isOfStorage(statements)) return await askStorage(statements, options, terminal)
    const folder = await mkdtemp(join(tmpdir(), 'sluice-sql-'))
    try {
      await runQuery(statements, options, folder, terminal)
    } catch (error) {
      if (!terminal.stop.aborted && !isStop(error, terminal.stop)) throw error
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

async function tryTables(statements: string, options: SqlOptions, terminal: Terminal): Promise<boolean> {
  const { env, since, until } = options
  const { answerFromTables, refuseDeclarations } = await import('./answer-from-tables.ts')
  refuseDeclarations(statements)
  // Records of a range of time are answers of DuckDB.
  if (since !== undefined || until !== undefined) return false
  return answerFromTables(statements, options, resolveConfig(terminal, env), terminal, answers =>
    printAnswers(answers, options, terminal, () => {}),
  )
}

async function askStorage(statement: string, options: SqlOptions, terminal: Terminal): Promise<void> {
  if (options.since !== undefined || options.until !== undefined)
    throw new CliFailure('--since and --until limit records: limit rows of the database with WHERE.')
  const storage = resolveStorage(resolveConfig(terminal, options.env), options.env, terminal)
  const answer = await answerFromStorage(statement, await readStorageUrl(...storage), terminal.stop)
  await printAnswers([answer], options, terminal, () => {})
}

/** Loads the tables, runs the statements, and prints their results. */
async function runQuery(
  statements: string,
  options: SqlOptions,
  folder: string,
  terminal: Terminal,
): Promise<void> {
  const config = resolveConfig(terminal, options.env)
  const aws = awsPlace(resolveEnvironment(terminal, options.env))
  const progress = createProgress()
  let database: SqlDatabase | undefined
  const quiet = showLineLater(terminal, () => formatProgress(progress, database?.progress ?? 0))
  const notice = (sentence: string) => terminal.stderr.write(`${sentence}\n`)
  const question = { statements, sinceMs: options.since, untilMs: options.until }
  const limits = { ...{ most: UNBOUNDED, mostRecords: UNBOUNDED }, stop: terminal.stop, nowMs: Date.now() }
  const ask = (environment: Environment) =>
    withSqlDatabase(
      config.families,
      question,
      async () => {
        const { reach, ...sources } = await openSqlSources(environment, aws, notice)
        // The history of an environment remains when its topics are deleted.
        if (!sources.store) await requireEnvironment(environment)
        return { ...sources, reach: (topic, timeMs) => withTimeout(reach(topic, timeMs)) }
      },
      { folder, progress, notice, stop: terminal.stop },
      async opened => {
        database = opened
        const views = createQuestionViews(environment, statements, limits, opened.folder, notice)
        for await (const view of views) for await (const _ of opened.run(view));
        await runStatements(opened, statements, options, config, terminal, quiet)
      },
    )
  await withEnvironment(config, ask, false).finally(quiet)
}

async function runStatements(
  database: SqlDatabase,
  statements: string,
  options: SqlOptions,
  config: Config,
  terminal: Terminal,
  quiet: () => void,
): Promise<void> {
  try {
    const notice = (sentence: string) => terminal.stderr.write(`${sentence}\n`)
    await printAnswers(database.run(statements, notice), options, terminal, quiet)
  } catch (error) {
    if (!(error instanceof SqlError) || terminal.stop.aborted) throw error
    throw await describeError(error, database, config, statements)
  }
}

/** Returns the error with the tables that exist and, for a table that does not, the most similar names. */
async function describeError(
  error: SqlError,
  database: SqlDatabase,
  config: Config,
  statements: string,
): Promise<CliFailure> {
  const { message, unknownTable } = error
  const { listTables } = await import('./answer-from-tables.ts')
  const tables = [...database.views, ...(unknownTable === undefined ? [] : await listTables(config))]
  const names = tables.map(({ name }) => name)
  const similar =
    unknownTable === undefined ? '' : (suggestion(unknownTable, names)?.replace(' ', '\n') ?? '')
  const isCreate = /^(?:Catalog|Parser) Error/.test(message) && /\bCREATE\b/i.test(statements)
  const declared = isCreate ? `\nIf this is about a stream: ${DECLARED}.` : ''
  const shown = tables.map(
    ({ name, columns }) => `  ${name}(${columns.map(column => column.name).join(', ')})`,
  )
  const list = /^(Catalog|Binder) Error/.test(message) ? `\n\nTables:\n${shown.join('\n')}` : ''
  // The error message quotes the statement, and may contain values from the tables.
  return new CliFailure(`${escapeTextLines(message)}${similar}${declared}${list}`, 1, { cause: error })
}

async function printAnswers(
  answers: AsyncIterable<SqlAnswer> | readonly SqlAnswer[],
  format: AnswerFormat,
  terminal: Terminal,
  quiet: () => void,
): Promise<void> {
  await pipeline(formatAnswers(answers, format, getColumns(terminal), quiet), terminal.stdout, { end: false })
}

async function* formatAnswers(
  answers: AsyncIterable<SqlAnswer> | readonly SqlAnswer[],
  { format, formulas }: AnswerFormat,
  width: number | undefined,
  quiet: () => void,
): AsyncGenerator<string> {
  const all: ReadAnswer[] = []
  let count = 0
  for await (const answer of answers) {
    if (format === 'csv') {
      quiet()
      const names = answer.columns.map(({ name }) => name)
      yield `${count > 0 ? '\r\n' : ''}${formatCsvLine(names, formulas)}`
      for await (const row of answer.rows()) yield formatCsvLine(row, formulas, answer.columns)
    } else {
      const read = await readAnswer(answer)
      quiet()
      if (format === 'json') all.push(read)
      else yield `${count > 0 ? '\n' : ''}${formatAnswer(read, width)}`
    }
    count++
  }
  if (format === 'json') yield `${JSON.stringify({ answers: all.map(toDocument) }, null, 2)}\n`
}

async function readAnswer({ columns, rows }: SqlAnswer): Promise<ReadAnswer> {
  const read: ReadAnswer['rows'][number][] = []
  for await (const row of rows()) {
    if (read.length === MAX_ROWS)
      throw new CliFailure(`The result has more than ${MAX_ROWS} rows: add a LIMIT, or use --format csv.`)
    read.push(row)
  }
  return { columns, rows: read }
}

/** Returns the result of one statement for the JSON document, with an object for each row. */
function toDocument({ columns, rows }: ReadAnswer) {
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.map(row => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
  }
}
