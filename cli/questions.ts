/** Commands that ask a question: their options, help, text and `--json` follow from it. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type ColumnOf,
  collectRows,
  divideFacts,
  formatMetric,
  type MetricValue,
} from '../control/questions/column.ts'
import type { Environment } from '../control/questions/environment.ts'
import { type Fields, flagField, numberField, withInitial } from '../control/questions/field.ts'
import {
  ask,
  type Question,
  type QuestionAnswer,
  type Section,
  type Shown,
  type WithLists,
} from '../control/questions/question.ts'
import { formatShare } from '../lib/support/balance.ts'
import { type Content, describeContent, formatContent } from '../lib/support/content.ts'
import { durationText, spanText } from '../lib/support/duration.ts'
import { entityText } from '../lib/support/group-text.ts'
import { formatRanges } from '../lib/support/ranges-text.ts'
import { formatQuantity, shortNumber } from '../lib/support/short-number.ts'
import { formatSize } from '../lib/support/size-text.ts'
import { utcTime } from '../lib/support/time-text.ts'
import { type CommandValue, environment, FLAT_OPTION, JSON_OPTION, POSITIVE } from './command.ts'
import { StoppedByUser } from './failure.ts'
import { formatList, formatTable } from './output/table.ts'
import { escapeText, escapeTextLines } from './output/text-width.ts'
import { withEnvironment } from './servers/environment.ts'
import { resolveConfig } from './servers/settings.ts'
import { printLines, printReport, type Terminal } from './terminal.ts'

const UNBOUNDED = Number.POSITIVE_INFINITY

/** Options of questions. */
const OWN = {
  raw: flagField('write only the value, byte for byte'),
  json: JSON_OPTION,
  flat: FLAT_OPTION,
  watch: flagField('ask every two seconds, until Ctrl-C'),
  env: environment('to ask'),
}

/** Returns the command that asks a question. */
export function toCommand<Of extends Fields, Row, Lists>(question: Question<Of, Row, Lists>): CommandValue {
  const { about, more, filter: fields, sections, terminal: own = {}, ofCluster } = question
  const { usual, flat: toFlat, raw: toRaw } = own
  const isList = sections === undefined || usual !== undefined
  const limit = toLimit(usual)
  return {
    about,
    more,
    fields: {
      ...fields,
      ...(isList && { limit }),
      ...(toRaw && { raw: OWN.raw }),
      json: OWN.json,
      ...(toFlat && { flat: OWN.flat }),
      watch: OWN.watch,
      env: OWN.env,
    },
    conflicts: [
      ['json', 'watch', ...(toFlat ? ['flat'] : []), ...(toRaw ? ['raw'] : [])],
      ...(toFlat ? [['flat', 'watch']] : []),
    ],
    async run(read, terminal) {
      const { json, flat, raw, watch, env } = read(OWN)
      const filter = read(fields)
      const most = isList ? read({ limit }).limit : UNBOUNDED
      const config = resolveConfig(terminal, env)
      const print = async (environment: Environment) => {
        const nowMs = Date.now()
        const limits = { most, mostRecords: UNBOUNDED, stop: terminal.stop, nowMs }
        const answer = await ask(question, environment, filter, limits)
        if (raw && toRaw) {
          for (const row of answer.rows) terminal.stdout.write(toRaw(row))
          return
        }
        const documents = flat ? await toFlat?.(environment, answer.rows) : undefined
        if (watch && terminal.stdout.isTTY) terminal.stdout.write(CLEAR)
        if (!documents)
          return printReport(terminal, answer, json, (answer, width) =>
            formatAnswer(question, answer, nowMs, width),
          )
        printLines(terminal, documents)
        for (const note of answer.notes) terminal.stderr.write(`${escapeText(note)}\n`)
      }
      const use = (environment: Environment) =>
        watch ? repeat(() => print(environment), terminal) : print(environment)
      await withEnvironment(config, use, env !== undefined || !ofCluster)
    },
  }
}

const WATCH_MS = 2_000
/** Moves a terminal's cursor to the start, and clears all below it. */
const CLEAR = '\u001b[H\u001b[2J'

/** @throws StoppedByUser */
async function repeat(print: () => Promise<void>, { stop }: Pick<Terminal, 'stop'>): Promise<never> {
  while (!stop.aborted) {
    await print()
    await pause(WATCH_MS, undefined, { signal: stop }).catch(() => {})
  }
  throw new StoppedByUser()
}

function toLimit(usual = UNBOUNDED) {
  const shown = usual === UNBOUNDED ? 'all' : String(usual)
  return withInitial(numberField('maximum number of rows', POSITIVE), usual, shown)
}

/** Formats an answer, and the notes about it. Pure. */
export function formatAnswer<Row, Lists>(
  question: Shown<Row, Lists>,
  { rows, more, notes }: QuestionAnswer<Row & WithLists<NoInfer<Lists>>>,
  nowMs: number,
  width: number | undefined,
): string {
  const { columns, sections, empty } = question
  const text =
    sections === undefined
      ? formatRows(columns, rows, nowMs, width)
      : rows.map(row => formatThing(question, row, nowMs, width)).join('\n\n')
  const found = rows.length > 0 ? [text] : notes.length === 0 ? [empty] : []
  const rest =
    more > 0 ? [`The first ${rows.length} of ${rows.length + more}. Use --limit to show more.`] : []
  return [...found, ...rest, ...notes.map(escapeText), ''].join('\n')
}

/** Formats a thing: its name, facts about it, the tables of its sections, and texts of several lines. */
function formatThing<Row, Lists>(
  { title, key, columns, sections = [] }: Shown<Row, Lists>,
  row: Row & WithLists<Lists>,
  nowMs: number,
  width: number | undefined,
): string {
  const { facts, blocks } = divideFacts(columns, row, 'terminal')
  const texts = facts.map(column => [column.heading, formatCell(column, row, nowMs)])
  const tables = sections.flatMap(section => formatSection(section, row, nowMs, width))
  return [
    `${title} ${escapeText(String(row[key]))}`,
    ...formatList(texts, '  '),
    ...blocks.map(column => formatBlock(column, row)),
    ...tables,
  ].join('\n')
}

/** Returns the table of a section; nothing if it is not shown. */
function formatSection<Lists, Member extends keyof Lists & string>(
  { of, title, columns, empty, only }: Section<Member, keyof Lists[Member] & string>,
  row: WithLists<Lists>,
  nowMs: number,
  width: number | undefined,
): string[] {
  const rows = row[of]
  if (rows === null || only === 'page') return []
  return [`\n${title}\n${rows.length === 0 ? empty : formatRows(columns, rows, nowMs, width)}`]
}

/** Formats bytes, or a text of several lines. */
function formatBlock<Row>({ heading, of, type }: ColumnOf<Row>, row: Row): string {
  const { kind, lines } =
    type === 'block' ? { kind: '', lines: String(row[of]).trimEnd() } : describeContent(row[of] as Content)
  const shown = lines === '' ? [] : escapeTextLines(lines).split('\n')
  return ['', kind === '' ? heading : `${heading}: ${kind}`, ...shown.map(line => `  ${line}`)].join('\n')
}

function formatRows<Row>(
  declared: readonly ColumnOf<Row>[],
  found: readonly Row[],
  nowMs: number,
  width: number | undefined,
): string {
  const { columns, rows } = collectRows(declared, found)
  const hasValues = ({ of }: ColumnOf<Row>) => rows.some(row => row[of] !== null && row[of] !== undefined)
  const listed = columns.filter(column => column.only !== 'page' && hasValues(column))
  const shown = listed.map(({ heading, type, isNumber, terminal }) => ({
    heading: heading.toUpperCase(),
    ...(isNumber ? { align: 'right' as const } : {}),
    ...(type === 'entity' ? { cut: 'start' as const } : {}),
    ...terminal,
  }))
  const cells = rows.map(row => listed.map(column => formatCell(column, row, nowMs)))
  return formatTable(shown, cells, width)
}

/** Returns the text of a value. */
function formatCell<Row>(column: ColumnOf<Row>, row: Row, nowMs: number): string {
  const { of, type, atLeast, none = '-' } = column
  const value: unknown = row[of]
  if (value === null) return none
  // The row is of a kind of thing that has no such value.
  if (value === undefined) return '-'
  if (type === 'list') return (value as readonly unknown[]).join(', ')
  if (type === 'metrics')
    return (value as readonly MetricValue[]).map(metric => formatMetric(metric)).join(', ')
  if (type === 'numbers') return formatRanges(value as readonly number[])
  if (type === 'entity') return entityText(String(value))
  if (type === 'time') return utcTime(value as string)
  if (type === 'span')
    return spanText(String(value), ((column.until && row[column.until]) ?? null) as string | null, nowMs)
  if (type === 'quantity' && typeof value === 'number') {
    const { unit, limit } = column
    const limits = [limit && (row[limit] as number | null)]
    return formatQuantity(shortNumber(value, limits), unit && (row[unit] as string | undefined))
  }
  if (type === 'bytes') return formatSize(value as number)
  if (type === 'content') return formatContent(value as Content)
  if (type === 'share') return formatShare(value as number)
  if (type === 'seconds') return durationText((value as number) * 1_000)
  return atLeast !== undefined && row[atLeast] ? `at least ${value}` : String(value)
}
