import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { duration } from '../../../lib/app/settings/duration.ts'
import { AlertDatabase, type Answer, SqlError } from '../../../lib/operations/alert-log/database.ts'
import { fileFailure } from '../../../lib/operations/file-failure.ts'
import { either, instant, mapped } from '../../../packages/runtime/settings/values.ts'
import { readAlertEvents } from '../../alerts/sql-read.ts'
import { answerText, csvLine, type ReadAnswer } from '../../alerts/sql-text.ts'
import { environmentOption, JSON_OPTION, parserOf, someText } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { CliFailure, usageFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { columnsOf, pathIn, type Terminal } from '../../terminal.ts'
import { harmlessLines } from '../../text-width.ts'

interface SqlOptions {
  readonly file?: string
  readonly since?: number
  readonly until?: number
  readonly csv?: true
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Ask the alert log in SQL. DuckDB answers, from tables that are made of the alerts topic for this call.

alert_log has a row for each alert that fired; resolved_ts is NULL while it fires. alert_events has every transition. Times are UTC.`

const MORE = `
datetime(TIME, MODIFIER) means what it means in SQLite, e.g. datetime('now', '-1 hour') or datetime(alert_ts, 'start of day').

Statements can change nothing outside of this call: they reach no file and no network. Several are separated by semicolons.
docs/alerts.md lists the columns; so does DESCRIBE alert_log.

Examples:
  sluice alerts sql "SELECT * FROM alert_log WHERE resolved_ts IS NULL"
  sluice alerts sql --file report.sql --since 7d --csv`

/** More rows than anybody reads; a table has to be known as a whole before its first line is written. */
const MOST_ROWS = 50_000

/** How often a statement learns that the user has stopped it. */
const INTERRUPT_MS = 100

/** Milliseconds since the epoch. */
const time = parserOf(
  either(
    instant(),
    mapped(duration(), ms => Date.now() - ms),
  ),
)

export function addAlertsSql(alerts: Command, terminal: Terminal): void {
  alerts
    .command('sql')
    .summary('ask the alert log in SQL')
    .description(ABOUT)
    .argument('[sql]', 'statements', someText)
    .option(
      '--file <file>',
      'take the statements from this file, or from standard input where it is "-"',
      someText,
    )
    .option('--since <time>', 'only events written since: an RFC 3339 time, or a duration before now', time)
    .option('--until <time>', 'only events written before: the log as it was then', time)
    .option('--csv', 'print CSV')
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((sql: string | undefined, options: SqlOptions) => ask(sql, options, terminal))
}

async function ask(given: string | undefined, options: SqlOptions, terminal: Terminal): Promise<void> {
  if (options.csv && options.json)
    throw usageFailure('--csv and --json print different things: take one of them.')
  const statements = await statementsOf(given, options.file, terminal)
  const config = configOf(terminal, options.env)
  const database = await AlertDatabase.open()
  try {
    const written = { sinceMs: options.since, untilMs: options.until }
    const read = await readAlertEvents(config, written, event => database.add(event), terminal)
    if (terminal.stop.aborted) return
    if (read.others > 0)
      terminal.stderr.write(`${read.others} of ${read.records} records are no alert events.\n`)
    await answer(database, statements, options, terminal)
  } finally {
    database.close()
  }
}

async function statementsOf(
  given: string | undefined,
  file: string | undefined,
  terminal: Terminal,
): Promise<string> {
  if ((given === undefined) === (file === undefined))
    throw usageFailure('Give statements, or --file with a file that has them: one of the two.')
  if (given !== undefined) return given
  if (file === undefined || file === '-') return text(terminal.stdin)
  return readFile(pathIn(terminal, file), 'utf8').catch(error => {
    throw fileFailure(file, error)
  })
}

/** Makes the tables, and prints what the statements answer. */
async function answer(
  database: AlertDatabase,
  statements: string,
  options: SqlOptions,
  terminal: Terminal,
): Promise<void> {
  // Again and again: an interrupt that comes between two statements ends neither.
  const interrupts = setInterval(() => terminal.stop.aborted && database.interrupt(), INTERRUPT_MS)
  try {
    await database.complete()
    await print(database.run(statements), options, terminal)
  } catch (error) {
    if (terminal.stop.aborted) return
    if (!(error instanceof SqlError)) throw error
    // The message quotes the statement, and maybe values of the tables.
    const tables = await database.describe().catch(() => [])
    const hint = tables.length > 0 ? `\n\nTables:\n  ${tables.join('\n  ')}` : ''
    throw new CliFailure(`${harmlessLines(error.message)}${hint}`, 1, { cause: error })
  } finally {
    clearInterval(interrupts)
  }
}

async function print(
  answers: AsyncIterable<Answer>,
  { csv, json }: SqlOptions,
  terminal: Terminal,
): Promise<void> {
  const all: ReadAnswer[] = []
  let count = 0
  for await (const answer of answers) {
    if (csv) await printCsv(answer, count, terminal)
    else if (json) all.push(await readAnswer(answer))
    else {
      const shown = answerText(await readAnswer(answer), columnsOf(terminal))
      terminal.stdout.write(`${count > 0 ? '\n' : ''}${shown}`)
    }
    count++
  }
  if (json) terminal.stdout.write(`${JSON.stringify({ answers: all.map(document) }, null, 2)}\n`)
}

async function printCsv({ columns, rows }: Answer, before: number, { stdout }: Terminal): Promise<void> {
  stdout.write(`${before > 0 ? '\r\n' : ''}${csvLine(columns.map(({ name }) => name))}`)
  for await (const row of rows()) if (!stdout.write(csvLine(row))) await once(stdout, 'drain')
}

async function readAnswer({ columns, rows }: Answer): Promise<ReadAnswer> {
  const read: ReadAnswer['rows'][number][] = []
  for await (const row of rows()) {
    if (read.length === MOST_ROWS)
      throw new CliFailure(`The answer has more than ${MOST_ROWS} rows: add a LIMIT, or take --csv.`)
    read.push(row)
  }
  return { columns, rows: read }
}

/** Of one answer in the JSON document: rows as objects. */
function document({ columns, rows }: ReadAnswer) {
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.map(row => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
  }
}
