/** Answers statements over the tables and streams of config/views: rows now, or changes and events as they come. */
import { once } from 'node:events'
import { instant } from '#runtime/consumer'
import type { Config } from '../../control/environment/config.ts'
import { VIEWS } from '../../control/queries/states/view-rows.ts'
import type { Environment } from '../../control/questions/environment.ts'
import { countUnapplied, describeLag } from '../../control/questions/lag.ts'
import type { AnswerColumn, SqlAnswer } from '../../control/sql/database.ts'
import type { SqlValue } from '../../control/sql/plain-value.ts'
import { VIEWS as OF_RECORDS } from '../../control/sql/views.ts'
import { requireTable } from '../../control/statements/plan-change.ts'
import { createTableReader, type TableReader } from '../../control/statements/table-reader.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import { type ActivatedPlan, readableTables, type TablePlan } from '../../lib/views/index.ts'
import { compileSelect, parseSelect, type Selection } from '../../lib/views/language/compilation.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { formatWindow } from '../../lib/windows/windows.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { formatRow } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'
import { withEnvironment } from '../servers/environment.ts'
import type { Terminal } from '../terminal.ts'
import { type AnswerFormat, formatCsvLine, formatShown } from './text.ts'

/** Statement that may be about a table or a stream, with its name. */
const OF_TABLE = /^\s*(?:SELECT\b.*?\bFROM|DESCRIBE)\s+([`"]?)(\w+)\1(?![\w.("])/is
const EMIT = /\bEMIT\s+(?:CHANGES|FINAL)\s*(?:LIMIT\s+\d+)?\s*;?\s*$/i
const SHOW = /^\s*(?:SHOW|LIST)\s+(TABLES|STREAMS)\s*;?\s*$/i
/** Words of the statements about tables and streams, and of those of other engines, which DuckDB does not have. */
const OF_LANGUAGE = [
  /(?:^|;)\s*(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:STREAM|SOURCE|SINK|MATERIALIZED|CONNECT|LIVE\s)/i,
  /(?:^|;)\s*(?:PRINT|SUBSCRIBE|TERMINATE)\s|\bEMIT\s+(?:CHANGES|FINAL|ON)\b|\bWITH\s*\(\s*['\w.]+\s*=/i,
  /\bWINDOW\s+(?:TUMBLING|HOPPING|SESSION)\b|\b(?:TUMBLE|HOP|CUMULATE|SESSION)(?:_\w+)?\s*\(|\bNOT\s+ENFORCED\b/i,
]
const TEXT_OR_COMMENT = /'[^']*'?|--.*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/g

/** @throws CliFailure for statements in the language of tables that are not questions, with what to do */
export function refuseDeclarations(statements: string): void {
  const words = statements.replaceAll(TEXT_OR_COMMENT, found => (found[0] === "'" ? "''" : ' '))
  if (OF_LANGUAGE.some(form => form.test(words))) compileStep(() => parseSelect(statements, parse))
}

/** Minimum width of a column of changes, whose widths are not known in advance. */
const WIDTH = 16

type Print = (answers: AsyncIterable<SqlAnswer>) => Promise<void>

/**
 * Answers statements if they are about a table of config/views. Other statements are for DuckDB.
 *
 * @returns whether the statements were answered
 */
export async function answerFromTables(
  statements: string,
  format: AnswerFormat,
  config: Config,
  terminal: Terminal,
  print: Print,
): Promise<boolean> {
  const [, , name] = OF_TABLE.exec(statements) ?? []
  const isOfTables = SHOW.test(statements) || EMIT.test(statements)
  if (!isOfTables && (name === undefined || isOfRecords(name))) return false
  let isReached = false
  try {
    return await withEnvironment(config, async environment => {
      const reader = createTableReader(environment)
      const plan = await reader.tables()
      isReached = true
      if (!isOfTables && !isKnown(plan, name as string)) return false
      const [, shown] = SHOW.exec(statements) ?? []
      if (shown) await print(yieldAnswer(/^t/i.test(shown) ? answerTables(plan) : answerStreams(plan)))
      else if (/^\s*DESCRIBE/i.test(statements))
        await print(yieldAnswer(describeSource(plan, name as string)))
      else {
        const selection = compileStep(() => compileSelect(statements, plan, parse))
        if (selection.isPush) await follow(selection, reader, format, terminal)
        else {
          const notes = await describeProgress(environment, selection.table)
          const rows = await reader.pull(selection)
          await print(
            yieldAnswer(
              buildAnswer(
                selection.columns,
                rows.map(row => toShownRow(row, selection)),
              ),
            ),
          )
          for (const note of notes) terminal.stderr.write(`${note}\n`)
        }
      }
      return true
    })
  } catch (error) {
    // Without Redis, only DuckDB can answer.
    if (isReached || isOfTables) throw error
    return false
  }
}

/** Age from which a record counts that is not in its table yet, in milliseconds: rows are there within a second or two. */
const IN_TABLE_MS = 2_000

/** Returns notes about the records that are not in a table yet. */
async function describeProgress(environment: Environment, { signal }: TablePlan): Promise<readonly string[]> {
  const signals = [signal as Signal, 'view-rows'] as const
  const { name } = VIEWS.process
  const beforeMs = Date.now() - IN_TABLE_MS
  const notes = signals.map(async read =>
    describeLag(await countUnapplied(environment, name, read, beforeMs), name, read),
  )
  return [...new Set((await Promise.all(notes)).flat())]
}

/** Returns the tables of config/views that can be read; none without the servers that have them. */
export function listTables(config: Config): Promise<readonly TablePlan[]> {
  return withEnvironment(config, async environment => readableTables(await environment.sqlTables())).catch(
    () => [],
  )
}

function isKnown({ tables, streams }: ActivatedPlan, name: string): boolean {
  return [...tables, ...streams].some(relation => relation.name.toLowerCase() === name.toLowerCase())
}

function isOfRecords(name: string): boolean {
  return OF_RECORDS.some(view => view === name.toLowerCase())
}

async function* yieldAnswer(answer: SqlAnswer): AsyncGenerator<SqlAnswer> {
  yield answer
}

function buildAnswer(
  columns: readonly { name: string; type: string }[],
  rows: readonly (readonly SqlValue[])[],
): SqlAnswer {
  return {
    columns: columns.map(toAnswerColumn),
    async *rows() {
      yield* rows
    },
  }
}

function toAnswerColumn({ name, type }: { readonly name: string; readonly type: string }): AnswerColumn {
  return { name, type, isNumber: type === 'BIGINT' || type === 'DOUBLE' }
}

function answerTables(plan: ActivatedPlan): SqlAnswer {
  const columns = ['table_name', 'window', 'statement'].map(name => ({ name, type: 'VARCHAR' }))
  const rows = readableTables(plan).map(({ name, window, statement }) => [
    ...[name, window ? formatWindow(window) : null, statement],
  ])
  return buildAnswer(columns, rows)
}

function answerStreams({ streams }: ActivatedPlan): SqlAnswer {
  const columns = ['stream_name', 'topic', 'types'].map(name => ({ name, type: 'VARCHAR' }))
  const rows = streams.map(({ name, signal, input, types }) => [
    name,
    input ?? signal,
    types?.join(', ') ?? null,
  ])
  return buildAnswer(columns, rows)
}

function describeSource(plan: ActivatedPlan, name: string): SqlAnswer {
  const columns = ['column_name', 'column_type', 'key'].map(column => ({ name: column, type: 'VARCHAR' }))
  const stream = plan.streams.find(relation => relation.name.toLowerCase() === name.toLowerCase())
  const rows = (stream ?? requireTable(plan, name)).columns.map(({ name, type, isKey }) => [
    name,
    type,
    isKey ? 'PRI' : null,
  ])
  return buildAnswer(columns, rows)
}

/** Runs a step of the language. @throws CliFailure with its error */
function compileStep<T>(step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw error instanceof FileError ? new CliFailure(error.message, 1, { cause: error }) : error
  }
}

/** Prints changes or events until the user stops the command, or the limit is reached. */
async function follow(
  selection: Selection,
  reader: TableReader,
  { format, formulas }: AnswerFormat,
  terminal: Terminal,
): Promise<void> {
  const { stdout, stop } = terminal
  const { columns, limit = Number.POSITIVE_INFINITY } = selection
  const names = columns.map(({ name }) => name)
  const formatLine = (values: readonly SqlValue[], isEnd = false): string => {
    if (format === 'csv') return formatCsvLine(values, formulas, columns.map(toAnswerColumn))
    if (format === 'table') return `${formatAligned(values, names, isEnd ? '<TOMBSTONE>' : 'NULL')}\n`
    const row = Object.fromEntries(names.map((name, index) => [name, values[index]]))
    return `${JSON.stringify({ ...row, ...(isEnd && { tombstone: true }) })}\n`
  }
  if (format !== 'json') stdout.write(format === 'csv' ? formatCsvLine(names, formulas) : formatLine(names))
  let count = 0
  for await (const row of reader.push(selection, 'now', stop)) {
    const isEnd = 'ended' in row
    const line = formatLine(toShownRow(isEnd ? row.ended : row, selection), isEnd)
    if (!stdout.write(line)) await once(stdout, 'drain')
    count += 1
    if (count >= limit) return
  }
  throw new StoppedByUser()
}

function formatAligned(values: readonly SqlValue[], names: readonly string[], missing: string): string {
  const cells = values.map(value => (value === null ? missing : escapeText(formatShown(value))))
  return formatRow(
    cells,
    names.map(name => Math.max(WIDTH, name.length)),
  )
}

/** Returns the values of a row as `sluice sql` shows them: a timestamp is RFC 3339. */
function toShownRow(
  values: readonly SqlValue[],
  { columns }: Pick<Selection, 'columns'>,
): readonly SqlValue[] {
  return values.map((value, index) =>
    columns[index]?.type === 'TIMESTAMP' && typeof value === 'number' ? instant(value) : value,
  )
}
