/** Reports of state as text. Pure. */
import { aligned } from '../table.ts'
import type { EntityReport, PartitionReport, StateReport, TimerReport } from './report.ts'

const HEADINGS = [
  'PARTITION',
  'MARK',
  'LAG',
  'EPOCH',
  'ENTITIES',
  'IDS',
  'OUTBOX',
  'OPEN FAILURES',
  'TIMERS',
  'LOG CLOCK',
  'AS OF',
  'NEXT TIMER',
] as const
const LAST_NUMBER = 9

export function stateText({ consumer, topic, kafka, partitions }: StateReport): string {
  const table = aligned([[...HEADINGS], ...partitions.map(rowOf)], column => column <= LAST_NUMBER)
  const notes = {
    answers: [],
    'no-topic': ['Kafka has no such topic: is --topic, --env or SLUICE_ENV right?'],
    away: ['Kafka does not answer, so lags are not known.'],
  }[kafka]
  const parts = [
    `State of ${consumer} on ${topic}`,
    table,
    ...outboxes(partitions),
    ...failures(partitions),
    tallyText(partitions),
    ...notes,
  ]
  return `${parts.join('\n\n')}\n`
}

export function entitiesText(reports: readonly EntityReport[]): string {
  const blocks = reports.map(({ partition, entity, state, timers }) =>
    [
      `${entity} (partition ${partition})`,
      JSON.stringify(state, null, 2),
      ...timers.map(timer => `timer ${timerText(timer)}`),
    ].join('\n'),
  )
  return `${blocks.join('\n\n')}\n`
}

/** `1d 02:03:04` */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const days = Math.floor(seconds / 86_400)
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const time = clock.map(part => String(part).padStart(2, '0')).join(':')
  return days > 0 ? `${days}d ${time}` : time
}

function rowOf(report: PartitionReport): string[] {
  const { partition, mark, lag, epoch, entities, ids, outbox, openFailures, timers } = report
  return [
    String(partition),
    mark < 0 ? 'none' : String(mark),
    ...[lag ?? '?', epoch, entities, ids, outbox, openFailures, timers].map(String),
    durationText(report.logClockMs),
    report.asOf ?? '-',
    report.nextTimer ? `${report.nextTimer.entity}: ${timerText(report.nextTimer)}` : '-',
  ]
}

function timerText({ name, due, firesAfterMs }: TimerReport): string {
  return `${name} due ${due}, fires when the log has moved on by more than ${durationText(firesAfterMs)}`
}

function outboxes(partitions: readonly PartitionReport[]): string[] {
  const waiting = partitions.filter(({ oldestOutbox }) => oldestOutbox !== null)
  if (waiting.length === 0) return []
  const lines = waiting.map(
    ({ partition, outbox, oldestOutbox }) =>
      `  partition ${partition}: ${outbox}, the oldest at ${oldestOutbox}`,
  )
  return [['Waiting to be published, by the next batch of the partition:', ...lines].join('\n')]
}

function failures(partitions: readonly PartitionReport[]): string[] {
  const rows = partitions.flatMap(({ partition, failures = [] }) =>
    failures.map(({ id, offset, attempt, since }) => [
      String(partition),
      String(offset),
      String(attempt),
      since,
      id,
    ]),
  )
  if (rows.length === 0) return []
  return [aligned([['PARTITION', 'OFFSET', 'ATTEMPT', 'SINCE', 'FAILURE'], ...rows], column => column < 3)]
}

/** The counters of all partitions together. */
function tallyText(partitions: readonly PartitionReport[]): string {
  const sums = new Map<string, number>()
  for (const [name, count] of partitions.flatMap(({ tally }) => Object.entries(tally)))
    sums.set(name, (sums.get(name) ?? 0) + count)
  if (sums.size === 0) return 'No record is decided yet.'
  const told = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${count} ${name}`)
  return `Decided so far: ${told.join(', ')}`
}
