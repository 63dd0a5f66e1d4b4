/** Formats dead letters as text. */
import type { Names } from '../../lib/app/names.ts'
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import type { RedriveOutlook } from '../../lib/operations/dead-letters/preview.ts'
import { decodeText } from '../../lib/queries/records/bytes-view.ts'
import { type Column, formatList, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'
import { formatBytes } from './bytes.ts'
import { buildDeadLetterReport, type DeadLetterListReport } from './report.ts'

const COLUMNS: readonly Column[] = [
  { heading: 'AT' },
  { heading: 'FAILED AT', leaveOut: 3 },
  { heading: 'CODE' },
  { heading: 'CONSUMER', leaveOut: 4 },
  { heading: 'RECORD', leaveOut: 2 },
  { heading: 'KEY', least: 8, leaveOut: 7 },
  { heading: 'ENTITY', least: 12, cut: 'start', leaveOut: 5 },
  { heading: 'ATTEMPT', align: 'right', leaveOut: 1 },
  { heading: 'STATE', leaveOut: 6 },
  { heading: 'ERROR', least: 40 },
]

/** Formats a list of dead letters. @param columns width of the terminal; undefined for no limit */
export function formatDeadLetterList(names: Names, report: DeadLetterListReport, columns?: number): string {
  const { deadLetters } = report
  const notes = [...formatBroken(report), ...formatCounts(report), ...formatSource(report)]
  if (deadLetters.length === 0) return `${['No dead letters.', ...notes].join('\n')}\n`
  return `${[formatDeadLetterRows(names, report, columns), ...notes].join('\n')}\n`
}

function formatDeadLetterRows(
  names: Names,
  { env, deadLetters }: DeadLetterListReport,
  columns?: number,
): string {
  const rows = deadLetters.map(deadLetter => [
    deadLetter.at,
    deadLetter.failedAt,
    deadLetter.code,
    deadLetter.consumer,
    `${shortenTopic(names, deadLetter.originalTopic, env)}/${deadLetter.originalPartition}@${deadLetter.originalOffset}`,
    deadLetter.originalKey ?? '-',
    deadLetter.entity ?? '-',
    `${deadLetter.attempt}`,
    deadLetter.handled ?? (deadLetter.quarantined ? 'quarantined' : 'open'),
    deadLetter.error,
  ])
  return formatTable(COLUMNS, rows, columns)
}

function formatCounts({ counts, deadLetters }: DeadLetterListReport): string[] {
  const { total, codes, quarantined } = counts
  const byCode = Object.entries(codes).map(([code, count]) => `${escapeText(code)} ${count}`)
  const apart = quarantined > 0 ? `; ${quarantined} of them quarantined` : ''
  return [
    ...(total > deadLetters.length ? [`The last ${deadLetters.length} of ${total}.`] : []),
    ...(total > 1 ? [`Codes: ${byCode.join(', ')}${apart}`] : []),
  ]
}

/** Returns lines about dead letters that cannot be read. */
export function formatBroken({ broken, counts }: Pick<DeadLetterListReport, 'broken' | 'counts'>): string[] {
  const total = counts.broken
  if (total === 0) return []
  const shown = broken.map(({ at, why }) => `  ${at}  ${escapeText(why)}`)
  const last = total > broken.length ? `, of which the last ${broken.length}` : ''
  return [`${total} unreadable; show them with sluice consume --topic dlq${last}:`, ...shown]
}

function formatSource({ withoutTable, left }: DeadLetterListReport): string[] {
  return [
    ...(withoutTable === null
      ? []
      : [`Read from all records of the topic, because the table cannot be read: ${withoutTable}`]),
    ...(left > 0
      ? [`Up to ${left} older dead letters are open, but not in the table: --all reads them from the topic.`]
      : []),
  ]
}

export function formatDeadLetter(found: FoundDeadLetter, outlook: RedriveOutlook): string {
  const report = buildDeadLetterReport(found, outlook)
  const { key, value, headers } = found.original
  const facts: readonly (readonly [string, string])[] = [
    ['id', report.id],
    ['code', `${report.code} (${report.class}): ${report.routedBecause}`],
    ['error', report.error],
    ['consumer', report.consumer],
    ['failed at', `${report.failedAt}, attempt ${report.attempt} since ${report.firstFailedAt}`],
    ['record', `${report.originalTopic}/${report.originalPartition}@${report.originalOffset}`],
    ['written at', report.originalTime ?? 'no timestamp'],
    ['entity', report.entity ?? 'unknown: the record cannot be read as an event'],
    ['type', report.type ?? 'unknown'],
    ['redrive', formatRedrive(outlook)],
    ...(report.traceparent === null ? [] : [['trace', report.traceparent] as const]),
  ]
  return [
    `Dead letter ${report.at}`,
    ...formatList(facts, '  '),
    '',
    ...formatHistory(report.history),
    ...formatSection('Key', key),
    ...formatHeaders(headers),
    ...formatSection('Value', value),
    '',
  ].join('\n')
}

function formatRedrive({ to, leftOutBecause, handled }: RedriveOutlook): string {
  const before = handled ? `${handled} before; ` : ''
  if (leftOutBecause) return `${before}skipped, because it is ${leftOutBecause}`
  return `${before}to ${to.topic}/${to.partition} for ${to.consumer}, as attempt ${to.attempt}`
}

function formatHistory(history: FoundDeadLetter['deadLetter']['history']): string[] {
  if (history.length === 0) return []
  const lines = history.map(({ attempt, failedAt, errorType, error, redrivenBy, redrivenAt }) => {
    const how = redrivenBy ? `redriven by ${redrivenBy} at ${redrivenAt ?? '?'}` : 'retried automatically'
    return `  ${attempt}  ${failedAt}  ${errorType}: ${error}; ${how}`
  })
  return ['Attempts before:', ...lines.map(escapeText), '']
}

function formatSection(title: string, bytes: Buffer | null): string[] {
  if (bytes === null) return [`${title}: none`]
  const { kind, lines } = formatBytes(bytes)
  return [`${title}: ${kind}`, ...lines.map(line => `  ${line}`)]
}

function formatHeaders(headers: FoundDeadLetter['original']['headers']): string[] {
  if (headers.length === 0) return ['Headers: none']
  const rows = headers.map(({ name, value }) => {
    const text = value && decodeText(value)
    return [name, text === undefined ? `0x${value?.toString('hex')}` : String(text)]
  })
  return ['Headers:', ...formatList(rows, '  ')]
}

/** Returns the signal of a topic if the topic belongs to the environment, and otherwise its full name. */
export function shortenTopic(names: Names, topic: string, env: string): string {
  return names.signalNamed(topic, env) ?? topic
}
