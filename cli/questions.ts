/** Commands that ask a question: their options, help, text and `--json` follow from it. */
import { omitUndefined } from '#runtime/consumer/index.ts'
import type { AnyQuestion } from '../lib/questions/all.ts'
import type { Column } from '../lib/questions/column.ts'
import type { Environment } from '../lib/questions/environment.ts'
import type { Fields, Filter } from '../lib/questions/field.ts'
import { type Answer, ask } from '../lib/questions/question.ts'
import { spanText } from '../lib/support/duration.ts'
import { entityText } from '../lib/support/group-text.ts'
import { formatRanges } from '../lib/support/ranges-text.ts'
import { formatQuantity, shortNumber } from '../lib/support/short-number.ts'
import { formatSize } from '../lib/support/size-text.ts'
import { utcTime } from '../lib/support/time-text.ts'
import {
  type CommandValue,
  command,
  environment,
  FLAT_OPTION,
  flag,
  JSON_OPTION,
  option,
  optionWithDefault,
  type Parameters,
  POSITIVE,
} from './command.ts'
import { formatTable } from './output/table.ts'
import { escapeText } from './output/text-width.ts'
import { withEnvironment } from './servers/open-environment.ts'
import { resolveConfig } from './servers/settings.ts'
import { printLines, printReport } from './terminal.ts'

const UNBOUNDED = Number.POSITIVE_INFINITY

const NUMBERS: ReadonlySet<string> = new Set(['count', 'bytes', 'quantity'])

type Row = Readonly<Record<string, unknown>>

/** Returns the command that asks a question. */
export function toCommand(question: AnyQuestion): CommandValue {
  const { about, more, filter: fields, usual, flat: toFlat, ofCluster } = question
  return command<Readonly<Record<never, never>>, Parameters>({
    about,
    more,
    options: {
      ...toOptions(fields),
      limit: optionWithDefault(
        '<n>',
        'maximum number of rows',
        POSITIVE,
        usual ?? UNBOUNDED,
        String(usual ?? 'all'),
      ),
      json: JSON_OPTION,
      ...(toFlat && { flat: FLAT_OPTION }),
      env: environment('to ask'),
    },
    conflicts: toFlat ? [['json', 'flat']] : [],
    async run({ json, flat, limit, env, ...values }, terminal) {
      const config = resolveConfig(terminal, env as string | undefined)
      const nowMs = Date.now()
      const limits = { most: limit as number, mostRecords: UNBOUNDED, stop: terminal.stop, nowMs }
      const read = async (environment: Environment) => {
        const answer = await ask(question, environment, values as Filter<Fields>, limits)
        return { answer, documents: flat ? await toFlat?.(environment, answer.rows) : undefined }
      }
      const { answer, documents } = await withEnvironment(config, read, env !== undefined || !ofCluster)
      if (documents) {
        printLines(terminal, documents)
        for (const note of answer.notes) terminal.stderr.write(`${escapeText(note)}\n`)
        return
      }
      printReport(terminal, answer, json as boolean, (answer, width) =>
        formatAnswer(question, answer, nowMs, width),
      )
    },
  })
}

function toOptions(fields: Fields): Parameters {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { form, about, kind }]) => [
      name,
      form.type === 'flag' ? flag(about) : option(`<${form.type}>`, about, kind),
    ]),
  )
}

/** Formats an answer as a table and the notes about it. Pure. */
export function formatAnswer(
  { columns, empty }: Pick<AnyQuestion, 'columns' | 'empty'>,
  { rows, more, notes }: Answer<Row>,
  nowMs: number,
  width: number | undefined,
): string {
  const hasValues = ({ of }: Column) => rows.some(row => row[of] !== null)
  const listed = columns.filter(column => column.only !== 'page' && hasValues(column))
  const shown = listed.map(({ heading, type, least, leaveOut }) => ({
    heading: heading.toUpperCase(),
    ...(NUMBERS.has(type) ? { align: 'right' as const } : {}),
    ...(type === 'entity' ? { cut: 'start' as const } : {}),
    ...omitUndefined({ least, leaveOut }),
  }))
  const cells = rows.map(row => listed.map(column => formatCell(column, row, nowMs)))
  const table = rows.length === 0 ? (notes.length === 0 ? [empty] : []) : [formatTable(shown, cells, width)]
  const rest =
    more > 0 ? [`The first ${rows.length} of ${rows.length + more}. Use --limit to show more.`] : []
  return [...table, ...rest, ...notes.map(escapeText), ''].join('\n')
}

/** Returns the text of a value. */
function formatCell(column: Column, row: Row, nowMs: number): string {
  const { of, type, atLeast, none = '-' } = column
  const value: unknown = row[of]
  if (value === null) return none
  if (type === 'list') return (value as readonly unknown[]).join(', ')
  if (type === 'numbers') return formatRanges(value as readonly number[])
  if (type === 'entity') return entityText(String(value))
  if (type === 'time') return utcTime(value as string)
  if (type === 'span') return spanText(String(value), row[column.until ?? ''] as string | null, nowMs)
  if (type === 'quantity' && typeof value === 'number') {
    const { unit = '', limit = '' } = column
    return formatQuantity(shortNumber(value, [row[limit] as number | null]), row[unit] as string | undefined)
  }
  if (type === 'bytes') return formatSize(value as number)
  return atLeast !== undefined && row[atLeast] ? `at least ${value}` : String(value)
}
