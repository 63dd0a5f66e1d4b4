import type { OutgoingRecord } from '#runtime/cloudevents/record.ts'
import { toOutgoingRecord } from '#runtime/cloudevents/writer.ts'
import type { KeyedEvent } from '../../lib/telemetry/reading.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator/simulate.ts'

/** Load of every side: events for Sluice, and the same records, made beforehand, for the others. */
export interface Load {
  readonly events: readonly KeyedEvent[]
  readonly records: readonly OutgoingRecord[]
}

const FROM_TICK = Date.parse('2026-01-01T00:00:00Z') / (GENERATOR_DEFAULTS.tickSeconds * 1_000)

/** Simulated readings, each with a trace, as producers send them. */
export function loadOf(count: number, topic: string): Load {
  const events = readings(count)
  return { events, records: events.map(({ key, event }) => toOutgoingRecord(topic, key, event)) }
}

/** So many simulated readings. */
export function readings(count: number): readonly KeyedEvent[] {
  const untilTick = FROM_TICK + Math.ceil(count / GENERATOR_DEFAULTS.fleet.length)
  return [...simulate(GENERATOR_DEFAULTS, FROM_TICK, untilTick)].slice(0, count)
}
