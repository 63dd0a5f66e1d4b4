/** Implements the scheduled function `history-compactor`. */
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { KafkaConnections } from '../../packages/runtime/lambda/kafka-connections.ts'
import type { Scheduled } from '../../packages/runtime/lambda/scheduled.ts'
import { type CompactionCounts, type CompactionProblem, compactHistory } from '../history/compact.ts'
import type { HistoryStore } from '../history/store.ts'
import { HISTORY_TABLES, type HistoryTable } from '../history/tables.ts'
import { quietPartitions } from '../queries/quiet-partitions.ts'
import { tick } from '../telemetry/tick.ts'
import { type HistorySettings, historyStore, signalsOfTable } from './history.ts'
import { report } from './metrics.ts'
import type { GeneralSettings } from './settings/index.ts'
import { topicName, topicRow } from './topics.ts'

type Run = Pick<
  Scheduled<Pick<KafkaConnections, 'bounds' | 'log' | 'publisher'>, HistorySettings & GeneralSettings>,
  'config' | 'connections' | 'remainingMs' | 'scheduledFor' | 'telemetry'
>

/** Minimum remaining time of the invocation, in milliseconds, that is required to read or write another object. */
const RESERVE_MS = 60_000
const DAY_MS = 24 * 60 * 60_000

const WARNINGS: Readonly<Record<CompactionProblem['kind'], string>> = {
  unusable: 'an object of the history cannot be used, and its partition is not compacted',
  recreated: 'a part of the history has other records than its compacted object: the topic was created again',
  missing: 'the history lacks a range of offsets, which was not archived',
  overlapping: 'an object of the history has rows that another compacted object has too',
}

/**
 * Compacts the history and applies its retention. Appends a tick to each partition of a topic without ticks whose last records wait
 * to be archived.
 *
 * @returns number of objects by outcome, and of ticks
 * @throws HistoryUnavailable if the bucket cannot be used; Unavailable if Kafka cannot be reached. Both parts are tried first.
 */
export async function compactDeployedHistory(
  run: Run,
  open: (config: HistorySettings) => Promise<HistoryStore> = historyStore,
): Promise<CompactionCounts & { readonly ticks: number }> {
  const store = await open(run.config)
  try {
    const [counts, ticks] = await Promise.allSettled([compacted(run, store), appendTicks(run, store)])
    if (counts.status === 'rejected') throw counts.reason
    if (ticks.status === 'rejected') throw ticks.reason
    return { ...counts.value, ticks: ticks.value }
  } finally {
    store.close?.()
  }
}

async function compacted(
  { config, remainingMs, telemetry }: Run,
  store: HistoryStore,
): Promise<CompactionCounts> {
  const retention = Object.fromEntries([...config.historyDays].map(([table, days]) => [table, days * DAY_MS]))
  const found = { unusable: 0, recreated: 0, missing: 0, overlapping: 0 }
  const counts = await compactHistory(store, {
    retention,
    nowMs: Date.now,
    hasTime: () => remainingMs() > RESERVE_MS,
    report: ({ kind, ...problem }) => {
      found[kind] += 1
      telemetry.warn(WARNINGS[kind], { kind: `history-${kind}`, ...problem })
    },
  })
  report(telemetry, {
    historyUnusable: found.unusable,
    historyRecreated: found.recreated,
    historyMissing: found.missing,
    historyOverlapping: found.overlapping,
  })
  return counts
}

async function appendTicks(run: Run, store: HistoryStore): Promise<number> {
  let ticks = 0
  for (const table of HISTORY_TABLES) ticks += await appendTicksTo(run, store, table)
  return ticks
}

async function appendTicksTo(
  { config: { env, contentMode }, connections, scheduledFor }: Run,
  store: HistoryStore,
  table: HistoryTable,
): Promise<number> {
  // The function `clock` appends ticks to the others.
  const topics = signalsOfTable(table)
    .filter(signal => !topicRow(signal).isTicked)
    .map(signal => topicName(signal, env))
  const [bounds, log] = await Promise.all([connections.bounds(), connections.log()])
  const quiet = await quietPartitions({ bounds, log, store }, table, topics, Date.parse(scheduledFor))
  const ticks = quiet.map(({ topic, partition }) => {
    return { topic, partition, key: null, ...writeEvent(tick(partition, scheduledFor), contentMode) }
  })
  if (ticks.length > 0) await (await connections.publisher()).publish(ticks)
  return ticks.length
}
