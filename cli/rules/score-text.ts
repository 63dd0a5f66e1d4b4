/** Formats the score report as text. Pure. */

import { count } from '../../lib/count.ts'
import { durationText } from '../../lib/duration.ts'
import type { ScoreReport } from '../../lib/operations/rule-score/report.ts'
import type { Score } from '../../lib/operations/rule-score/score.ts'
import { shortNumber } from '../../lib/short-number.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'

/** Maximum number of rows in a list. */
const LISTED = 20

const COLUMNS: readonly Column[] = [
  { heading: 'RULE', least: 10 },
  { heading: 'ALERTS', align: 'right' },
  { heading: 'TRUE', align: 'right', leaveOut: 2 },
  { heading: 'FALSE', align: 'right' },
  { heading: 'PRECISION', align: 'right' },
  { heading: 'WINDOWS', align: 'right', leaveOut: 3 },
  { heading: 'FOUND', align: 'right', leaveOut: 4 },
  { heading: 'RECALL', align: 'right' },
  { heading: 'DELAY', align: 'right' },
  { heading: 'LONGEST', align: 'right', leaveOut: 5 },
  { heading: 'FALSE/DAY', align: 'right' },
  { heading: 'FIRING OUTSIDE', align: 'right', leaveOut: 1 },
]

/** Formats the report as text. @param columns width of the terminal; undefined for no limit */
export function scoreText(report: ScoreReport, columns?: number): string {
  const rows = [...report.rules.map(one => rowOf(one.rule, one)), rowOf('all together', report.total)]
  const parts = [
    summaryOf(report),
    tableText(COLUMNS, rows, columns),
    kindsText(report, columns),
    list('Missed windows', report.missed, ({ entity, metric, from, to, kind }) => {
      return [`${from} to ${to}`, entity, metric, kind]
    }),
    list('False alerts', report.falseAlerts, ({ rule, entity, metric, startedAt, endedAt, value }) => {
      const shown = typeof value === 'number' ? String(shortNumber(value)) : value
      return [`${startedAt} to ${endedAt ?? 'the end'}`, rule, entity, [metric, shown].join(' ')]
    }),
    ...notesOf(report),
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

function summaryOf({ recording, total }: ScoreReport): string {
  const { readings, duplicates, others, entities, from, to } = recording
  const repeated = duplicates > 0 ? `, ${count(duplicates, 'duplicate')} among them` : ''
  const of = `${entities} ${entities === 1 ? 'entity' : 'entities'}`
  const ignored = others > 0 ? `, ${count(others, 'other event')} left out` : ''
  return `${count(readings, 'reading')} of ${of}${repeated}${ignored}, ${from} to ${to}; ${count(total.windows, 'window')}`
}

function rowOf(name: string, score: Score): string[] {
  const { alerts, trueAlerts, falseAlerts, precision, windows, found, recall } = score
  return [
    harmless(name),
    ...[alerts, trueAlerts, falseAlerts].map(String),
    percent(precision),
    ...[windows, found].map(String),
    percent(recall),
    score.delayMs ? durationText(score.delayMs.median) : '–',
    score.delayMs ? durationText(score.delayMs.max) : '–',
    perDay(score.falsePerEntityDay),
    percent(score.firingOutside),
  ]
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`
}

function perDay(rate: number | null): string {
  return rate === null ? '–' : String(Number(rate.toPrecision(2)))
}

function kindsText({ kinds }: ScoreReport, columns?: number): string {
  if (kinds.length === 0) return ''
  const headings: readonly Column[] = [
    { heading: 'KIND', least: 10 },
    { heading: 'ANOMALIES', align: 'right' },
    { heading: 'FOUND', align: 'right' },
    { heading: 'RECALL', align: 'right' },
  ]
  const rows = kinds.map(({ kind, anomalies, anomaliesFound: found }) => [
    ...[harmless(kind), String(anomalies), String(found), percent(found / anomalies)],
  ])
  return tableText(headings, rows, columns)
}

function list<Row>(
  title: string,
  rows: readonly Row[],
  cells: (row: Row) => readonly (string | undefined)[],
): string {
  if (rows.length === 0) return ''
  const lines = rows.slice(0, LISTED).map(row => {
    const shown = cells(row).filter(cell => cell !== undefined && cell !== '')
    return `  ${harmless(shown.join('  '))}`
  })
  const rest = rows.length > LISTED ? [`  and ${rows.length - LISTED} more: --json has all`] : []
  return [`${title} (${rows.length}):`, ...lines, ...rest].join('\n')
}

const REASONS = {
  'entity-not-recorded': 'of entities',
  'metric-not-recorded': 'of metrics',
  'time-not-recorded': 'of times',
} as const

function notesOf({ notCounted, afterTheEnd, unusedRules }: ScoreReport): string[] {
  const byReason = [...Map.groupBy(notCounted, ({ reason }) => reason)]
  return [
    ...byReason.map(
      ([reason, own]) =>
        `Not counted: ${count(own.length, 'label')} ${REASONS[reason]} that are missing from the recording.`,
    ),
    ...(afterTheEnd > 0
      ? [`Not counted: ${count(afterTheEnd, 'alert')} after the last reading of the entity.`]
      : []),
    ...(unusedRules.length > 0
      ? [`Rules without a matching reading in the recording: ${unusedRules.map(harmless).join(', ')}.`]
      : []),
  ]
}
