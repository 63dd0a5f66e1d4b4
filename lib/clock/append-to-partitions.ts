/** Appends data that consumers need in every partition of their topics, such as the alert rules. */
import type { Event } from '#runtime/consumer'
import type { Connections, StoredValue } from '#runtime/functions/connections'
import { broadcast } from '#runtime/functions/schedules'
import type { GeneralSettings } from '#runtime/settings'
import type { Named } from '../app/naming/names.ts'
import type { Signal } from '../app/naming/topic-table.ts'
import type { Appended, AppendReason } from '../support/append-again.ts'

export type AppendingConfig = Named & Pick<GeneralSettings, 'contentMode'>

interface Appending<Kind extends Appended> {
  /** Signals whose topics receive the data, one after the other. */
  readonly signals: readonly Signal[]
  readonly last: StoredValue<Kind>
  readonly next: Omit<Kind, 'partitions'>
  readonly why: (last: Kind | undefined, next: Kind) => AppendReason | undefined
  readonly event: (partition: number) => Event
}

/**
 * Appends an event to every partition, if that is due.
 *
 * @returns the number of partitions, which is 0 if nothing was due, and the reason
 */
export async function appendToPartitions<Kind extends Appended>(
  connections: Connections,
  config: AppendingConfig,
  { signals, last, next, why, event }: Appending<Kind>,
): Promise<{ readonly appended: number; readonly why: AppendReason | 'not-due' }> {
  const publisher = await connections.publisher()
  const topics: { readonly topic: string; readonly partitions: number }[] = []
  for (const topic of signals.map(signal => config.names.topicName(signal, config.env)))
    topics.push({ topic, partitions: await publisher.countPartitions(topic) })
  const appended = topics.reduce((sum, { partitions }) => sum + partitions, 0)
  const whole = { ...next, partitions: appended } as Kind
  const reason = why(await last.read(), whole)
  if (!reason) return { appended: 0, why: 'not-due' }
  for (const { topic, partitions } of topics) await broadcast(publisher, topic, config, event, partitions)
  // Store the run after publishing. If it fails in between, the next run appends the data again.
  await last.write(whole)
  return { appended, why: reason }
}
