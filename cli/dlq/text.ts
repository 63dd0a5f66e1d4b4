/** Formats dead letters as text. */
import type { Names } from '../../lib/app/names.ts'
import type { FoundDeadLetter } from '../../lib/failures/dlq-record.ts'
import type { RedriveOutlook } from '../../lib/operations/dead-letters/preview.ts'
import { decodeText } from '../../lib/queries/records/bytes-view.ts'
import { formatList } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'
import { formatBytes } from './bytes.ts'
import { buildDeadLetterReport } from './report.ts'

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
