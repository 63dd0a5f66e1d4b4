/** Appends ticks where the archiver waits for a further record, as a part of the function `clock`. */

import type { Event } from '#runtime/consumer'
import type { KafkaClients } from '#runtime/functions/kafka'
import { broadcast, type Scheduled } from '#runtime/functions/schedules'
import type { Named } from '../app/names.ts'
import { resolveSignals, topicRow } from '../app/topic-table.ts'
import { getTableSignal, HISTORY_TABLES } from '../history/tables.ts'
import { findQuietPartitions } from '../queries/kafka/quiet-partitions.ts'
import { HOUR_MS, MINUTE_MS } from '../support/duration.ts'
import { tick } from '../telemetry/tick.ts'
import type { AppendingConfig } from './append-to-partitions.ts'

type Run = Pick<
  Scheduled<Pick<KafkaClients, 'bounds' | 'log' | 'publisher'>, AppendingConfig>,
  'config' | 'connections' | 'scheduledFor'
>

/** Returns the archived topics to which the clock appends no other ticks. */
function topicsWithoutTicks({ env, names }: Named): string[] {
  return resolveSignals(HISTORY_TABLES.map(getTableSignal))
    .filter(signal => !topicRow(signal).isTicked)
    .map(signal => names.topicName(signal, env))
}

/**
 * Appends a tick to each partition of an archived topic without ticks whose last records wait for the end of their segment. Looks
 * for them in the first minute of an hour only.
 *
 * @returns number of ticks
 * @throws Unavailable if Kafka cannot be reached
 */
export async function appendQuietTicks({ config, connections, scheduledFor }: Run): Promise<number> {
  const nowMs = Date.parse(scheduledFor)
  if (nowMs % HOUR_MS >= MINUTE_MS) return 0
  const [bounds, log] = await Promise.all([connections.bounds(), connections.log()])
  const quiet = await findQuietPartitions({ bounds, log }, topicsWithoutTicks(config), nowMs)
  const publisher = await connections.publisher()
  for (const [topic, places] of Map.groupBy(quiet, ({ topic }) => topic)) {
    const partitions = places.map(({ partition }) => partition)
    await broadcast(publisher, topic, config, partition => quietTick(partition, scheduledFor), partitions)
  }
  return quiet.length
}

/** Returns a tick with a subject, because these partitions do not belong to the clock: consumers must not miss their next tick. */
function quietTick(partition: number, scheduledFor: string): Event {
  return { ...tick(partition, scheduledFor), subject: 'archiver' }
}
