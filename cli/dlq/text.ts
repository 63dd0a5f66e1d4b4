/** Dead letters as text. Pure. */
import type { FoundDeadLetter } from '../../lib/queries/dead-letters.ts'
import { shownBytes, textIn } from '../records/bytes.ts'
import { shortTopic } from '../records/view.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'
import { type DeadLetterLine, reportOf } from './report.ts'

const COLUMNS: readonly Column[] = [
  { heading: 'AT' },
  { heading: 'FAILED AT', leaveOut: 3 },
  { heading: 'CODE' },
  { heading: 'CONSUMER', leaveOut: 4 },
  { heading: 'RECORD', leaveOut: 2 },
  { heading: 'ENTITY', least: 12, cut: 'start', leaveOut: 5 },
  { heading: 'ATTEMPT', align: 'right', leaveOut: 1 },
  { heading: 'ERROR', least: 40 },
]

export interface DeadLetterList {
  readonly env: string
  readonly deadLetters: readonly DeadLetterLine[]
  /** How many fit the filters, shown or not. */
  readonly total: number
  /** Records of the topic that are not dead letters. */
  readonly others: number
}

/** @param columns of the terminal; undefined: no limit */
export function listText({ env, deadLetters, total, others }: DeadLetterList, columns?: number): string {
  const rows = deadLetters.map(deadLetter => [
    deadLetter.at,
    deadLetter.failedAt,
    harmless(deadLetter.code),
    harmless(deadLetter.consumer),
    `${shortTopic(harmless(deadLetter.originalTopic), env)}/${deadLetter.originalPartition}@${deadLetter.originalOffset}`,
    harmless(deadLetter.entity ?? '-'),
    String(deadLetter.attempt),
    harmless(deadLetter.error),
  ])
  const notes = [
    ...(total > deadLetters.length
      ? [`The last ${deadLetters.length} of ${total}: --limit shows more.`]
      : []),
    ...(others > 0
      ? [`${others} records in the topic are not dead letters: sluice tail dlq --from start`]
      : []),
  ]
  if (rows.length === 0) return `${['No dead letters.', ...notes].join('\n')}\n`
  return `${[tableText(COLUMNS, rows, columns), ...notes].join('\n')}\n`
}

export function deadLetterText(found: FoundDeadLetter): string {
  const report = reportOf(found)
  const { key, value, headers } = found.original
  const facts: readonly (readonly [string, string])[] = [
    ['id', report.id],
    ['code', `${report.code} (${report.class}): ${report.routedBecause}`],
    ['error', report.error],
    ['consumer', report.consumer],
    ['failed at', `${report.failedAt}, attempt ${report.attempt} since ${report.firstFailedAt}`],
    ['record', `${report.originalTopic}/${report.originalPartition}@${report.originalOffset}`],
    ['written at', report.originalTime],
    ['entity', report.entity ?? 'unknown: the record cannot be read as an event'],
    ...(report.traceparent === null ? [] : [['trace', report.traceparent] as const]),
  ]
  return [
    `Dead letter ${report.at}`,
    ...facts.map(([name, text]) => `  ${name.padEnd(10)}  ${harmless(text)}`),
    '',
    ...section('Key', key),
    ...headerLines(headers),
    ...section('Value', value),
    '',
  ].join('\n')
}

function section(title: string, bytes: Buffer | null): string[] {
  if (bytes === null) return [`${title}: none`]
  const { kind, lines } = shownBytes(bytes)
  return [`${title}: ${kind}`, ...lines.map(line => `  ${line}`)]
}

function headerLines(headers: FoundDeadLetter['original']['headers']): string[] {
  if (headers.length === 0) return ['Headers: none']
  const longest = Math.max(...headers.map(({ name }) => harmless(name).length))
  return [
    'Headers:',
    ...headers.map(({ name, value }) => {
      const text = textIn(value)
      const shown = text === undefined ? `0x${value.toString('hex')}` : harmless(text)
      return `  ${harmless(name).padEnd(longest)}  ${shown}`
    }),
  ]
}
