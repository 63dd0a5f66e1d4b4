/** The generator: publishes the simulated readings that are due since its last run. */
import { type ContentMode, type DataWriter, normalizeEvent, toOutgoingRecord } from '#runtime/cloudevents'
import type { Publisher } from '#runtime/pipeline'
import type { Families } from '../families.ts'
import type { GeneratorSettings } from './settings.ts'
import { simulate } from './simulate.ts'

const FIRST_SECONDS = 60
const CATCH_UP_SECONDS = 600

/**
 * Number of readings per slice. It limits the memory use of a run, and the number of readings that are repeated after a failure.
 */
const SLICE_READINGS = 5_000

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

/** Range of ticks. `from` is inclusive, and `until` is exclusive. */
interface TicksDue {
  readonly from: number
  readonly until: number
  /** Number of due ticks that are skipped, because they are too old. */
  readonly skipped: number
}

/**
 * Returns the ticks that are due since the last run. The first run covers the last minute, so that there are readings at once.
 * Later runs cover at most the last ten minutes, so that a long pause does not result in a burst of readings.
 *
 * @param lastTick last published tick; undefined for the first run
 * @param nowMs current time, in milliseconds since the epoch
 */
export function ticksDue(
  lastTick: number | undefined,
  nowMs: number,
  { tickSeconds }: Pick<GeneratorSettings, 'tickSeconds'>,
): TicksDue {
  const until = Math.floor(nowMs / Math.round(tickSeconds * 1000)) + 1
  const catchUp = countTicks(CATCH_UP_SECONDS, tickSeconds)
  // The last tick is too far in the future to be explained by a clock that was set back. It was counted with a different tick
  // length, so ignore it.
  if (lastTick === undefined || lastTick > until + catchUp) {
    return { from: until - countTicks(FIRST_SECONDS, tickSeconds), until, skipped: 0 }
  }
  const next = lastTick + 1
  // The clock was set back slightly, so no ticks are due until it has caught up.
  if (next > until) return { from: next, until: next, skipped: 0 }
  const from = Math.max(next, until - catchUp)
  return { from, until, skipped: from - next }
}

function countTicks(seconds: number, tickSeconds: number): number {
  return Math.max(1, Math.floor(seconds / tickSeconds))
}

/** Divides the due ticks into slices of at most a few thousand readings. Yields nothing if no ticks are due. */
function* splitTicks(
  { from, until }: Pick<TicksDue, 'from' | 'until'>,
  sensors: number,
): Generator<Pick<TicksDue, 'from' | 'until'>> {
  const ticks = Math.max(1, Math.floor(SLICE_READINGS / sensors))
  for (let start = from; start < until; start += ticks)
    yield { from: start, until: Math.min(until, start + ticks) }
}
