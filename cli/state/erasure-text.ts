/** Texts of `sluice state erase`. Pure. */

import type { ErasurePlan, ErasureReport } from '../../lib/operations/erase/erase.ts'
import type { MatchingReport } from '../../lib/operations/erase/matching.ts'
import type { ConsumerErasure } from '../../lib/operations/erase/wait.ts'
import type { WarehouseReach } from '../../lib/operations/etl/warehouse.ts'
import { nameOf } from '../../lib/operations/state-keys.ts'
import type { Holding } from '../../lib/queries/erasure.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'
import type { HistoryOutcome } from './erase-history.ts'

const PLAN_COLUMNS: readonly Column[] = [
  { heading: 'CONSUMER', least: 12 },
  { heading: 'PARTITION', align: 'right' },
  { heading: 'STATE', align: 'right' },
  { heading: 'TIMERS', least: 12, leaveOut: 1 },
]

const REPORT_COLUMNS: readonly Column[] = [{ heading: 'CONSUMER', least: 12 }, { heading: 'ERASURE' }]

/** Formats the plan of an erasure. @param columns width of the terminal; undefined for no limit */
export function planText(plan: ErasurePlan, columns?: number): string {
  const { entity, topics, holdings } = plan
  const parts = topics.flatMap(({ topic, consumers }) => {
    const rows = consumers.flatMap(consumer => {
      const own = holdings.filter(holding => holding.consumer === consumer && holding.topic === topic)
      return own.length === 0 ? [[harmless(consumer), '-', 'none', '-']] : own.map(rowOf)
    })
    return [
      `${harmless(entity)}, in the states of the consumers of ${topic}`,
      tableText(PLAN_COLUMNS, rows, columns),
    ]
  })
  return `${[...parts, ...notReachedText(plan)].join('\n\n')}\n`
}

/** Formats the report of an erasure. @param columns width of the terminal; undefined for no limit */
export function reportText(report: ErasureReport, columns?: number): string {
  const { topics, consumers } = report
  const tables = topics.flatMap(({ topic }) => {
    const own = consumers.filter(one => one.topic === topic)
    const rows = own.map(one => [harmless(one.consumer), outcomeText(one)])
    return [`Consumers of ${topic}`, tableText(REPORT_COLUMNS, rows, columns)]
  })
  const again = consumers.filter(({ holdsAgain }) => holdsAgain).map(({ consumer }) => harmless(consumer))
  const parts = [
    ...tables,
    ...(again.length > 0
      ? [`Events of the entity arrived after the erasure and created a new state in ${again.join(', ')}.`]
      : []),
    ...notReachedText(report),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Formats the result for the history, and lists the copies that remain. */
export function historyText(outcome: HistoryOutcome, isDryRun = false): string {
  const { place, objects = 0, rows = {}, damaged = [], failure, warehouse, notReached } = outcome
  const found = countsText(rows, `, in ${objects} objects`)
  const history =
    place === undefined
      ? 'HISTORY_BUCKET is not set, so no history was searched.'
      : `Rows in ${place} that ${isDryRun ? 'would be' : 'were'} erased: ${failure === undefined ? found : 'unknown'}`
  const rest = ['', 'These copies are not reached:', ...notReached.map(one => `  ${one}`)]
  return `\n${[history, ...damaged, ...(warehouse ? [warehouseText(warehouse)] : []), ...rest].join('\n')}\n`
}

function warehouseText({ location, rows, failure }: WarehouseReach): string {
  const where = harmless(location)
  if (failure !== undefined) return `Rows in ${where} that were removed: unknown`
  return rows
    ? `Rows in ${where} that were removed: ${countsText(rows)}`
    : `The rows in ${where} would be removed, too.`
}

function countsText(rows: Readonly<Record<string, number>>, rest = ''): string {
  const counts = Object.entries(rows).filter(([, count]) => count > 0)
  return counts.length === 0
    ? 'none'
    : `${counts.map(([name, count]) => `${count} of ${name}`).join(', ')}${rest}`
}

/** Returns the progress, such as `waiting for processor (lag 12), activity (lag 3)`. */
export function waitingText(consumers: readonly ConsumerErasure[]): string {
  const behind = consumers.filter(({ outcome }) => outcome === 'not-yet')
  if (behind.length === 0)
    return consumers.length === 0 ? 'waiting for the consumers' : 'applied by every consumer'
  return `waiting for ${behind.map(({ consumer, lag }) => `${harmless(consumer)} (lag ${lag})`).join(', ')}`
}

function outcomeText({ outcome, lag }: ConsumerErasure): string {
  return { erased: 'erased', 'held-nothing': 'no state', 'not-yet': `not yet (lag ${lag})` }[outcome]
}

function rowOf({ consumer, partition, bytes, timers }: Holding): string[] {
  const names = timers.map(({ name }) => harmless(name)).join(', ')
  return [harmless(consumer), String(partition), sizeText(bytes), names || '-']
}

function notReachedText({ notReached }: Pick<ErasurePlan, 'notReached'>): string[] {
  if (notReached.length === 0) return []
  const lines = notReached.map(stateKey => `  ${harmless(nameOf(stateKey))}`)
  const advice =
    'These copies are not erased, because no function reads them any more. If a consumer is gone, `sluice ' +
    'state drop CONSUMER --all-partitions` removes its states:'
  return [[advice, ...lines].join('\n')]
}

export function matchingText({ pattern, topics, sample }: MatchingReport): string {
  const lines = topics.map(({ topic, entities }) => `  ${harmless(topic)}: ${entities}`)
  const names = sample.map(name => `  ${harmless(name)}`)
  return [`Entities that match "${harmless(pattern)}":`, ...lines, 'For example:', ...names, ''].join('\n')
}

export function matchingErasedText({ erased, pattern }: MatchingReport): string {
  return `Appended ${erased} erasures. Each consumer applies them when it reaches them: \`sluice state erase --matching '${harmless(pattern)}' --dry-run\` shows the remaining entities.\n`
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB']

/** Returns a size such as `412 B` or `1.5 KiB`. */
function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  let [size, unit] = [bytes / 1024, 0]
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024
  return `${size.toFixed(1)} ${UNITS[unit]}`
}
