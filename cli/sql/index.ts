import { once } from 'node:events'
import type { Config } from '../../lib/app/config.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { topicName } from '../../lib/app/topics.ts'
import { AlertDatabase, type Answer, SqlError } from '../../lib/operations/alert-log/database.ts'
import type { AlertEvent } from '../../lib/operations/alert-log/event.ts'
import {
  type ReadCount,
  readRanges,
  type WriteTimes,
  writtenRanges,
} from '../../lib/operations/alert-log/read.ts'
import { OperationFailure } from '../../lib/operations/failure.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import { PlainLog } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { isUnreadable, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import {
  command,
  environment,
  flag,
  JSON_OPTION,
  option,
  optionalArgument,
  SOME_TEXT,
  TIME_OR_AGO,
  type ValuesOf,
} from '../command.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { inputBytes } from '../input.ts'
import { showLine } from '../progress.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { harmlessLines } from '../text-width.ts'
import { reachOf } from '../topics.ts'
import { answerText, csvLine, type ReadAnswer } from './sql-text.ts'

/** Time in milliseconds after which the progress of reading is shown. */
const QUIET_MS = 1_000

/**
 * Reads the alert events of an environment.
 *
 * @param take called with each event. Events of the same partition are passed in order.
 * @throws CliFailure if Kafka does not respond, or the topic is missing or unreadable
 */
async function readAlertEvents(
  config: Config,
  written: WriteTimes,
  take: (event: AlertEvent) => void,
  terminal: Terminal,
): Promise<ReadCount> {
  const connections = new CommandConnections(config)
  const topic = topicName('alerts', config.env)
  const count = { records: 0, others: 0 }
  let hide = () => {}
  let patience: NodeJS.Timeout | undefined
  try {
    const ranges = await writtenRanges(topic, written, async timeMs => {
      return (await reachOf(connections, config, [topic], timeMs)).get(topic) as TopicReach
    })
    const total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
    patience = setTimeout(() => {
      hide = showLine(terminal, () => `${count.records} of ${total} records of the alerts topic read`)
    }, QUIET_MS)
    const log = new PlainLog(await connections.log(), dataReader(config))
    return await readRanges(log, ranges, take, terminal.stop, count)
  } catch (error) {
    throw error instanceof Unavailable || isUnreadable(error)
      ? new OperationFailure(error.message, { cause: error })
      : error
  } finally {
    clearTimeout(patience)
    hide()
    await connections.close()
  }
}

type SqlOptions = ValuesOf<typeof OPTIONS>

/**
 * Maximum number of rows that are printed as a table. All rows must be in memory before the first line is printed, because the
 * widths of the columns depend on them.
 */
const MAX_ROWS = 50_000

/** Interval at which a running statement is interrupted after the user has stopped it, in milliseconds. */
const INTERRUPT_MS = 100

const OPTIONS = {
  file: option(
    '<file>',
    'take the statements from this file, or from standard input where it is "-"',
    SOME_TEXT,
  ),
  since: option(
    '<time>',
    'only events written since: an RFC 3339 time, or a duration before now',
    TIME_OR_AGO,
  ),
  until: option('<time>', 'only events written before: the log as of then', TIME_OR_AGO),
  csv: flag('print CSV'),
  json: JSON_OPTION,
  env: environment('to look at'),
}

export default command({
  about: `Query the alert log with SQL. The queries run in DuckDB, on tables that are built from the alerts topic for this call.

alert_log has a row for each alert that fired; resolved_ts is NULL while it fires. alert_events has every transition.
Times are UTC.`,
  more: `
datetime(TIME, MODIFIER) works as in SQLite, e.g. datetime('now', '-1 hour') or datetime(alert_ts, 'start of day').

Statements cannot change anything outside of this call: they have no access to files or the network. Several
statements are separated by semicolons. docs/alerts.md lists the columns; so does DESCRIBE alert_log.

Examples:
  sluice alerts sql "SELECT * FROM alert_log WHERE resolved_ts IS NULL"
  sluice alerts sql --file report.sql --since 7d --csv`,
  args: {
    sql: optionalArgument('statements', SOME_TEXT),
  },
  options: OPTIONS,
  async run({ sql: given, ...options }, terminal) {
    if (options.csv && options.json) throw usageFailure('--csv and --json cannot be used together.')
    const statements = await statementsOf(given, options.file, terminal)
    const config = configOf(terminal, options.env)
    const database = await AlertDatabase.open()
    try {
      const written = { sinceMs: options.since, untilMs: options.until }
      const read = await readAlertEvents(config, written, event => database.add(event), terminal)
      if (terminal.stop.aborted) return
      if (read.others > 0)
        terminal.stderr.write(`${read.others} of ${read.records} records are not alert events.\n`)
      await answer(database, statements, options, terminal)
    } finally {
      database.close()
    }
  },
})

async function statementsOf(
  given: string | undefined,
  file: string | undefined,
  terminal: Terminal,
): Promise<string> {
  if ((given === undefined) === (file === undefined))
    throw usageFailure('Specify either statements, or --file with a file of statements.')
  if (given !== undefined) return given
  return String(await inputBytes(file ?? '-', terminal))
}

/** Creates the tables, runs the statements, and prints their results. */
async function answer(
  database: AlertDatabase,
  statements: string,
  options: SqlOptions,
  terminal: Terminal,
): Promise<void> {
  // Interrupt repeatedly, because an interrupt between two statements has no effect.
  const interrupts = setInterval(() => terminal.stop.aborted && database.interrupt(), INTERRUPT_MS)
  try {
    await database.complete()
    await print(database.run(statements), options, terminal)
  } catch (error) {
    if (terminal.stop.aborted) return
    if (!(error instanceof SqlError)) throw error
    // The error message quotes the statement, and may contain values from the tables.
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
    if (read.length === MAX_ROWS)
      throw new CliFailure(`The result has more than ${MAX_ROWS} rows: add a LIMIT, or use --csv.`)
    read.push(row)
  }
  return { columns, rows: read }
}

/** Returns the result of one statement for the JSON document, with an object for each row. */
function document({ columns, rows }: ReadAnswer) {
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.map(row => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
  }
}
