/** Simulated readings of the past, with ticks, as objects of the history. */
import { encodeRows } from '../../lib/history/parquet.ts'
import { rowsOf } from '../../lib/history/row.ts'
import { type Arrival, inBatches } from '../../lib/operations/rule-log/arrivals.ts'
import { DEFAULT_FLEET, sensorsOf } from '../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS, timeOfTick } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'

const FIRST_MS = Date.UTC(2026, 2, 1)
/** Rows of one object, as the archiver writes them. */
const ROWS = 20_000
/** The default fleet, 40 times. */
const FLEET = DEFAULT_FLEET.map(group => ({
  ...group,
  ids: Array.from({ length: 40 }, (_, copy) => (group.ids ?? []).map(id => `${id}-${copy}`)).flat(),
}))
/** Readings of one partition of a fleet that sends 1,000 a second. */
const SETTINGS = {
  ...GENERATOR_DEFAULTS,
  fleet: sensorsOf(FLEET),
  tickSeconds: 5,
  anomalyRate: 0.4,
}

interface PastReadings {
  readonly objects: readonly Buffer[]
  readonly arrivals: readonly Arrival[]
}

export async function pastReadings(count: number): Promise<PastReadings> {
  const fromTick = FIRST_MS / 1_000 / SETTINGS.tickSeconds
  const untilTick = fromTick + Math.ceil(count / SETTINGS.fleet.length)
  const arrivals: Arrival[] = []
  for (const { event } of simulate(SETTINGS, fromTick, untilTick))
    arrivals.push({ event, arrivedMs: Date.parse(event.time ?? '') + 40 })
  const startMs = timeOfTick(SETTINGS, fromTick)
  const objects: Buffer[] = []
  let offset = 0
  for (const batch of inBatches(arrivals, { startMs, nowMs: startMs }, ROWS)) {
    const records = batch.map(({ event, arrivedMs }, index) => ({
      ...{ topic: 'bench', partition: 0, offset: offset + index, timestampMs: arrivedMs, key: null },
      ...writeEvent(event),
    }))
    offset += records.length
    objects.push(
      encodeRows('readings', await rowsOf(records, { read: event => event, prepare: async () => {} })),
    )
  }
  return { objects, arrivals }
}
