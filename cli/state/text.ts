/** Reports of states, and their texts. Pure. */
import type { EntityState, HeldState, TimerState } from '../../lib/queries/states/entities.ts'
import { sumReasons } from '../../lib/queries/states/outcomes.ts'
import type { PartitionState } from '../../lib/queries/states/partition-states.ts'
import { CliFailure } from '../failure.ts'
import { type Column, formatTable } from '../output/table.ts'
import { escapeText, shortenEnd } from '../output/text-width.ts'
import type { LogBounds } from '../servers/log-bounds.ts'

/** JSON document that `state show --json` prints for partitions. */
export interface StateReport {
  readonly consumer: string
  readonly topic: string
  /** Status of Kafka: `answers` if the lag is known, and otherwise the reason why it is unknown. */
  readonly kafka: 'answers' | 'no-topic' | 'away'
  /** Failure of Kafka; only for `away`. */
  readonly problem?: string
  readonly partitions: readonly PartitionState[]
}

export function buildStateReport(
  { consumer, topic }: Pick<StateReport, 'consumer' | 'topic'>,
  bounds: LogBounds,
  states: readonly PartitionState[],
): StateReport {
  const report = { consumer, topic, partitions: states }
  if (bounds instanceof CliFailure) return { ...report, kafka: 'away', problem: bounds.message }
  return { ...report, kafka: bounds === 'no-topic' ? bounds : 'answers' }
}

const COLUMNS: readonly Column[] = [
  { heading: 'PARTITION', align: 'right' },
  { heading: 'APPLIED', align: 'right' },
  { heading: 'LAG', align: 'right' },
  { heading: 'EPOCH', align: 'right', leaveOut: 2 },
  { heading: 'ENTITIES', align: 'right' },
  { heading: 'IDS', align: 'right', leaveOut: 4 },
  { heading: 'OUTBOX', align: 'right' },
  { heading: 'FAILURES', align: 'right' },
  { heading: 'TIMERS', align: 'right' },
  { heading: 'LOG CLOCK', align: 'right', leaveOut: 1 },
  { heading: 'AS OF', leaveOut: 3 },
]

const FAILURE_COLUMNS: readonly Column[] = [
  { heading: 'PARTITION', align: 'right' },
  { heading: 'OFFSET', align: 'right' },
  { heading: 'ATTEMPT', align: 'right' },
  { heading: 'SINCE', leaveOut: 1 },
  { heading: 'FAILURE', least: 12 },
]

/** Formats the states of a consumer's partitions. @param columns width of the terminal; undefined for no limit */
export function formatState(report: StateReport, columns?: number): string {
  const { consumer, topic, kafka, problem, partitions } = report
  const notes = {
    answers: [],
    'no-topic': ['The topic does not exist in Kafka: check --topic, --env and SLUICE_ENV.'],
    away: [`The lag is unknown. ${problem}`],
  }[kafka]
  const parts = [
    `State of ${consumer} on ${topic}`,
    formatTable(COLUMNS, partitions.map(toRow), columns),
    ...formatHeldEntities(partitions),
    ...formatNextTimers(partitions, columns),
    ...formatOutboxes(partitions),
    ...formatFailures(partitions, columns),
    formatTally(partitions),
    ...notes,
  ]
  return `${parts.join('\n\n')}\n`
}

export function formatEntities(reports: readonly EntityState[]): string {
  const blocks = reports.map(({ partition, entity, version, state, timers, held }) =>
    [
      `${escapeText(entity)} (partition ${partition}${version === undefined ? '' : `, version ${version}`})`,
      state === undefined ? 'no state yet' : JSON.stringify(state, null, 2),
      ...timers.map(timer => `timer ${formatTimer(timer)}`),
      ...(held ? formatHeld(held) : []),
    ].join('\n'),
  )
  return `${blocks.join('\n\n')}\n`
}

function formatHeld({ failure, parked, endsAfterMs, timers }: HeldState): string[] {
  const events = parked.length === 0 ? 'no events' : `${parked.length} events, from offset ${parked[0]} on`
  const until = `until log time has advanced by more than ${formatClock(endsAfterMs)}`
  return [
    failure === null
      ? `parked: ${events}, which the next record of the partition releases`
      : `held for failure ${failure}, at most ${until}; parked: ${events}`,
    ...timers.map(
      ({ name, due }) => `timer ${name} due ${due}, which does not fire while the entity is held`,
    ),
  ]
}

/** Returns a duration such as `1d 02:03:04`. */
function formatClock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const days = Math.floor(seconds / 86_400)
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  const time = clock.map(part => String(part).padStart(2, '0')).join(':')
  return days > 0 ? `${days}d ${time}` : time
}

function toRow(report: PartitionState): string[] {
  const { partition, appliedOffset, lag, epoch, entities, ids, outbox, openFailures, timers } = report
  return [
    String(partition),
    appliedOffset < 0 ? 'none' : String(appliedOffset),
    ...[lag ?? '?', epoch, entities, ids, outbox, openFailures, timers].map(String),
    formatClock(report.logClockMs),
    report.asOf ?? '-',
  ]
}

/**
 * Returns the lines about the next timers. They are shown below the table, because a single long entity name would make the table
 * too wide.
 */
function formatNextTimers(partitions: readonly PartitionState[], columns: number | undefined): string[] {
  const lines = partitions.flatMap(({ partition, nextTimer }) =>
    nextTimer ? [`  partition ${partition}: ${escapeText(nextTimer.entity)}: ${formatTimer(nextTimer)}`] : [],
  )
  if (lines.length === 0) return []
  return [['Next timers:', ...lines.map(line => shortenEnd(line, columns))].join('\n')]
}

function formatTimer({ name, due, firesAfterMs }: TimerState): string {
  return `${name} due ${due}, fires when log time has advanced by more than ${formatClock(firesAfterMs)}`
}

function formatHeldEntities(partitions: readonly PartitionState[]): string[] {
  const lines = partitions.flatMap(({ partition, held, parked }) =>
    held + parked > 0 ? [`  partition ${partition}: ${held}, with ${parked} parked events`] : [],
  )
  if (lines.length === 0) return []
  return [['Held entities, which wait for a retry:', ...lines].join('\n')]
}

function formatOutboxes(partitions: readonly PartitionState[]): string[] {
  const waiting = partitions.filter(({ oldestOutbox }) => oldestOutbox !== null)
  if (waiting.length === 0) return []
  const lines = waiting.map(
    ({ partition, outbox, oldestOutbox }) =>
      `  partition ${partition}: ${outbox}, the oldest at ${oldestOutbox}`,
  )
  return [['To be published with the next batch of the partition:', ...lines].join('\n')]
}

function formatFailures(partitions: readonly PartitionState[], columns: number | undefined): string[] {
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
  return [formatTable(FAILURE_COLUMNS, rows, columns)]
}

/** Returns a line with the counters, summed over all partitions. */
function formatTally(partitions: readonly PartitionState[]): string {
  const sums = Object.entries(sumReasons(partitions.map(({ tally }) => tally)))
  if (sums.length === 0) return 'No records processed yet.'
  const counts = sums.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${count} ${name}`)
  return `Processed so far: ${counts.join(', ')}`
}
