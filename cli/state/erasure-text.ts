/** Texts of `sluice state erase`. Pure. */

import type { ErasurePlan, ErasureReport } from '../../lib/operations/erase/erase.ts'
import type { ConsumerErasure } from '../../lib/operations/erase/wait-until-applied.ts'
import { formatStateKey } from '../../lib/operations/state-keys.ts'
import type { Holding } from '../../lib/queries/states/erasable-states.ts'
import { formatSize } from '../../lib/support/size-text.ts'
import { type Column, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

/** Copies of an entity's records that the erasure does not reach. */
const OTHER_COPIES = [
  "Kafka's own log, until the retention of its topics, and topics of other systems",
  'the history, until the lifecycle of its bucket deletes the objects (HISTORY_RETENTION), and copies of its objects',
  'rows of a database, which SQL can delete',
  'rows of tables in SQL, until their window leaves; without windows, until the table is dropped',
  'audit events, which name the entity of an erasure',
  'recordings, snapshots of the cache and backups',
  'notifications that were sent, logs and traces',
]

const PLAN_COLUMNS: readonly Column[] = [
  { heading: 'CONSUMER', least: 12 },
  { heading: 'PARTITION', align: 'right' },
  { heading: 'STATE', align: 'right' },
  { heading: 'TIMERS', least: 12, leaveOut: 1 },
]

const REPORT_COLUMNS: readonly Column[] = [{ heading: 'CONSUMER', least: 12 }, { heading: 'ERASURE' }]

/** Formats the plan of an erasure. @param columns width of the terminal; undefined for no limit */
export function formatPlan(plan: ErasurePlan, columns?: number): string {
  const { entity, topics, holdings } = plan
  const parts = topics.flatMap(({ topic, consumers }) => {
    const rows = consumers.flatMap(consumer => {
      const own = holdings.filter(holding => holding.consumer === consumer && holding.topic === topic)
      return own.length === 0 ? [[consumer, '-', 'none', '-']] : own.map(toRow)
    })
    return [
      `${escapeText(entity)}, in the states of the consumers of ${topic}`,
      formatTable(PLAN_COLUMNS, rows, columns),
    ]
  })
  return `${[...parts, ...formatNotReached(plan), formatOtherCopies()].join('\n\n')}\n`
}

/** Formats the report of an erasure. @param columns width of the terminal; undefined for no limit */
export function formatReport(report: ErasureReport, columns?: number): string {
  const { topics, consumers } = report
  const tables = topics.flatMap(({ topic }) => {
    const own = consumers.filter(consumer => consumer.topic === topic)
    const rows = own.map(erasure => [erasure.consumer, formatOutcome(erasure)])
    return [`Consumers of ${topic}`, formatTable(REPORT_COLUMNS, rows, columns)]
  })
  const parts = [...tables, ...formatNotReached(report), formatOtherCopies()]
  return `${parts.join('\n\n')}\n`
}

/** Returns the progress, such as `waiting for processor (lag 12), activity (lag 3)`. */
export function formatWaiting(consumers: readonly ConsumerErasure[]): string {
  const behind = consumers.filter(({ outcome }) => outcome === 'not-yet')
  if (behind.length === 0)
    return consumers.length === 0 ? 'waiting for the consumers' : 'applied by every consumer'
  return `waiting for ${behind.map(({ consumer, lag }) => `${escapeText(consumer)} (lag ${lag})`).join(', ')}`
}

function formatOutcome({ outcome, lag }: ConsumerErasure): string {
  return outcome === 'applied' ? 'applied' : `not yet (lag ${lag})`
}

function toRow({ consumer, partition, bytes, timers }: Holding): string[] {
  const names = timers.map(({ name }) => name).join(', ')
  return [consumer, String(partition), formatSize(bytes), names || '-']
}

function formatNotReached({ notReached }: Pick<ErasurePlan, 'notReached'>): string[] {
  if (notReached.length === 0) return []
  const lines = notReached.map(stateKey => `  ${escapeText(formatStateKey(stateKey))}`)
  const advice =
    'These copies are not erased, because no function reads them any more. If a consumer is gone, `sluice ' +
    'state drop CONSUMER --all-partitions` removes its states:'
  return [[advice, ...lines].join('\n')]
}

function formatOtherCopies(): string {
  return ['These copies are not reached:', ...OTHER_COPIES.map(copy => `  ${copy}`)].join('\n')
}
