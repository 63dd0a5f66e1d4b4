/** Formats dead letters as text. Pure. */
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import { LEFT_OUT, type RedriveOutlook } from '../../lib/operations/dead-letters/decide.ts'
import { textIn } from '../../lib/queries/records/bytes-view.ts'
import { shownBytes } from '../records/bytes.ts'
import { shortTopic } from '../records/view.ts'
import { type Column, listLines, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'
import { type DeadLetterLine, type DeadLetterListReport, reportOf } from './report.ts'

const COLUMNS: readonly Column[] = [
  { heading: 'AT' },
  { heading: 'FAILED AT', leaveOut: 3 },
  { heading: 'CODE' },
  { heading: 'CONSUMER', leaveOut: 4 },
  { heading: 'RECORD', leaveOut: 2 },
  { heading: 'ENTITY', least: 12, cut: 'start', leaveOut: 5 },
  { heading: 'ATTEMPT', align: 'right', leaveOut: 1 },
  { heading: 'STATE', leaveOut: 6 },
  { heading: 'ERROR', least: 40 },
]

/** Formats a list of dead letters. @param columns width of the terminal; undefined for no limit */
export function listText(report: DeadLetterListReport, columns?: number): string {
  const { env, deadLetters } = report
  const notes = [...brokenLines(report), ...countLines(report), ...sourceLines(report)]
  if (deadLetters.length === 0) return `${['No dead letters.', ...notes].join('\n')}\n`
  return `${[rowsText(deadLetters, env, columns), ...notes].join('\n')}\n`
}

function rowsText(deadLetters: readonly DeadLetterLine[], env: string, columns?: number): string {
  const rows = deadLetters.map(deadLetter => [
    deadLetter.at,
    deadLetter.failedAt,
    harmless(deadLetter.code),
    harmless(deadLetter.consumer),
    `${shortTopic(harmless(deadLetter.originalTopic), env)}/${deadLetter.originalPartition}@${deadLetter.originalOffset}`,
    harmless(deadLetter.entity ?? '-'),
    `${deadLetter.attempt}`,
    deadLetter.handled ?? (deadLetter.quarantined ? 'quarantined' : 'open'),
    harmless(deadLetter.error),
  ])
  return tableText(COLUMNS, rows, columns)
}

function countLines({ counts, deadLetters }: DeadLetterListReport): string[] {
  const { total, codes, quarantined } = counts
  const byCode = Object.entries(codes).map(([code, count]) => `${harmless(code)} ${count}`)
  const apart = quarantined > 0 ? `; ${quarantined} of them quarantined` : ''
  return [
    ...(total > deadLetters.length ? [`The last ${deadLetters.length} of ${total}.`] : []),
    ...(total > 1 ? [`Codes: ${byCode.join(', ')}${apart}`] : []),
  ]
}

function brokenLines({ broken, counts }: DeadLetterListReport): string[] {
  const total = counts.broken
  if (total === 0) return []
  const shown = broken.map(({ at, why }) => `  ${at}  ${harmless(why)}`)
  const last = total > broken.length ? `, of which the last ${broken.length}` : ''
  return [`${total} unreadable; show them with sluice consume --topic dlq${last}:`, ...shown]
}

function sourceLines({ withoutTable, left }: DeadLetterListReport): string[] {
  return [
    ...(withoutTable === null
      ? []
      : [`Read from all records of the topic, because the table cannot be read: ${withoutTable}`]),
    ...(left > 0
      ? [`Up to ${left} older dead letters are open, but not in the table: --all reads them from the topic.`]
      : []),
  ]
}

export function deadLetterText(found: FoundDeadLetter, outlook: RedriveOutlook): string {
  const report = reportOf(found, outlook)
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
    ['type', report.type ?? 'unknown'],
    ['redrive', redriveText(outlook)],
    ...(report.traceparent === null ? [] : [['trace', report.traceparent] as const]),
  ]
  return [
    `Dead letter ${report.at}`,
    ...listLines(
      facts.map(([name, text]) => [name, harmless(text)]),
      '  ',
    ),
    '',
    ...historyLines(report.history),
    ...section('Key', key),
    ...headerLines(headers),
    ...section('Value', value),
    '',
  ].join('\n')
}

function redriveText({ to, leftOut, handled }: RedriveOutlook): string {
  const before = handled ? `${handled} before; ` : ''
  if (leftOut) return `${before}skipped, because it is ${LEFT_OUT[leftOut]}`
  return `${before}to ${to.topic}/${to.partition} for ${to.consumer}, as attempt ${to.attempt}`
}

function historyLines(history: FoundDeadLetter['deadLetter']['history']): string[] {
  if (history.length === 0) return []
  const lines = history.map(({ attempt, failedAt, errorType, error, redrivenBy, redrivenAt }) => {
    const how = redrivenBy ? `redriven by ${redrivenBy} at ${redrivenAt ?? '?'}` : 'retried automatically'
    return `  ${attempt}  ${failedAt}  ${errorType}: ${error}; ${how}`
  })
  return ['Attempts before:', ...lines.map(harmless), '']
}

function section(title: string, bytes: Buffer | null): string[] {
  if (bytes === null) return [`${title}: none`]
  const { kind, lines } = shownBytes(bytes)
  return [`${title}: ${kind}`, ...lines.map(line => `  ${line}`)]
}

function headerLines(headers: FoundDeadLetter['original']['headers']): string[] {
  if (headers.length === 0) return ['Headers: none']
  const rows = headers.map(({ name, value }) => {
    const text = textIn(value)
    return [harmless(name), text === undefined ? `0x${value.toString('hex')}` : harmless(text)]
  })
  return ['Headers:', ...listLines(rows, '  ')]
}
