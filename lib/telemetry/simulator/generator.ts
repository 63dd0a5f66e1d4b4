/** The generator: publishes the simulated readings that are due since its last run. */
import { type ContentMode, type DataWriter, normalizeEvent, toOutgoingRecord } from '#runtime/cloudevents'
import type { Publisher } from '#runtime/pipeline'
import type { Families } from '../families.ts'
import type { GeneratorSettings } from './settings.ts'
import { simulate } from './simulate.ts'
import { splitTicks, ticksDue } from './ticks.ts'

export interface GeneratorPorts {
  /** Last published tick. It does not exist before the first run. */
  readonly lastTick: {
    read(): Promise<number | undefined>
    update(change: (value: number | undefined) => number): Promise<unknown>
  }
  readonly writer: DataWriter
  readonly publisher: Publisher
  /** Kafka topic of the readings. */
  readonly topic: string
  readonly contentMode: ContentMode
}

/**
 * Publishes the due readings of all sensors.
 *
 * @param atMs time of the run, in milliseconds since the epoch
 */
export async function publishDueReadings(
  families: Families,
  settings: GeneratorSettings,
  atMs: number,
  { lastTick, writer, publisher, topic, contentMode }: GeneratorPorts,
): Promise<{ readonly readings: number; readonly ticks: number; readonly skippedTicks: number }> {
  const due = ticksDue(await lastTick.read(), atMs, settings)
  let count = 0
  for (const { from, until } of splitTicks(due, settings.fleet.length)) {
    const records = Array.from(simulate(families, settings, from, until), ({ key, event }) =>
      toOutgoingRecord(topic, key, writer.write(normalizeEvent(event)), contentMode),
    )
    await publisher.publish(records)
    // Store the last tick after publishing. If the run fails in between, the next run publishes the same events with the same ids.
    await lastTick.update((known = -1) => Math.max(known, until - 1))
    count += records.length
  }
  return { readings: count, ticks: due.until - due.from, skippedTicks: due.skipped }
}
