/** Recorded streams of the simulator. Each stream has its own seed. */

import { topicName } from '../../lib/app/topics.ts'
import { recordedLine } from '../../lib/queries/recorded-line.ts'
import type { ReadingData } from '../../lib/telemetry/families.ts'
import type { KeyedEvent } from '../../lib/telemetry/reading.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { simulate } from '../../lib/telemetry/simulator.ts'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import type { OutgoingRecord } from '../../packages/runtime/cloudevents/record.ts'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { partitionOf } from '../../packages/runtime/consumer/murmur2.ts'

const MINUTE = 60_000
const PARTITIONS = 12

/** Returns the readings of all simulated sensors without anomalies. */
function calm(seed: string, from: string, everyMs: number, forMs: number): readonly KeyedEvent[] {
  const settings = { ...GENERATOR_DEFAULTS, seed, tickSeconds: everyMs / 1_000, anomalyRate: 0 }
  const firstTick = Date.parse(from) / everyMs
  return [...simulate(settings, firstTick, firstTick + forMs / everyMs)]
}

/** One day of all simulated sensors in September, with a reading every ten minutes and without anomalies. */
export function calmDay(): readonly object[] {
  return calm('calmday', '2025-09-10T00:00:00Z', 10 * MINUTE, 24 * 60 * MINUTE).map(({ event }) =>
    toJsonEvent(event),
  )
}

const OUTAGE_FROM = Date.parse('2025-09-11T08:00:00Z')

/**
 * Recording of one morning of all simulated sensors, with a reading every five minutes from 6:00 to 11:00. No readings arrive from
 * Rotterdam between 8:00 and 9:30. The readings of `rtm-quay` are lost. `rtm-roof` stores its readings, and sends them after its
 * next reading.
 */
export function sensorOutage(): readonly object[] {
  const stored: Event[] = []
  const arriving: Event[] = []
  for (const { event } of calm('outage', '2025-09-11T06:00:00Z', 5 * MINUTE, 5 * 60 * MINUTE)) {
    const { subject, time = '' } = event
    const sinceMs = Date.parse(time) - OUTAGE_FROM
    const isOut = sinceMs >= 0 && sinceMs < 90 * MINUTE
    if (isOut && subject === 'rtm-quay') continue
    if (isOut && subject === 'rtm-roof') {
      stored.push(event)
      continue
    }
    arriving.push(event)
    if (sinceMs >= 90 * MINUTE && subject === 'rtm-roof') arriving.push(...stored.splice(0))
  }
  return arriving.map(toJsonEvent)
}

/**
 * Interval of broken records: every twelfth record is broken. The ways to break a record, which are listed below, are used in turn.
 */
const EACH = 12

type Breaking = (event: Event, record: OutgoingRecord) => Pick<OutgoingRecord, 'key' | 'value' | 'headers'>

const written = (key: Buffer | null, event: Event) => ({ ...producedRecord('', null, event), key })

const BREAKINGS: readonly Breaking[] = [
  // not-a-cloudevent
  (_, { key }) => ({ key, headers: [], value: Buffer.from([0xde, 0xad, 0xbe, 0xef]) }),
  (_, { key }) => ({ key, headers: [], value: null }),
  // malformed-event
  (_, record) => ({ ...record, headers: record.headers.filter(([name]) => name !== 'ce_id') }),
  (_, record) => ({ ...record, value: (record.value ?? Buffer.alloc(0)).subarray(0, 20) }),
  // schema-violated
  (event, { key }) => written(key, { ...event, data: { ...(event.data as ReadingData), colour: 'red' } }),
  // time-in-future: the event time is in the future, whenever the recording is replayed
  (event, { key }) => written(key, { ...event, time: '2999-01-01T00:00:00.000Z' }),
  // id-conflict: the id of the sensor's previous reading
  (event, { key }) => written(key, { ...event, id: idBefore(event) }),
  // ignored: a type that consumers of readings do not handle
  (event, { key }) => written(key, { ...event, type: 'org.example.ping' }),
]

/** Returns the id of the sensor's previous reading. The simulator's ids end with the number of the tick. */
function idBefore({ id }: Event): string {
  return id.replace(/\d+$/, tick => String(Number(tick) - 1))
}

/**
 * Two hours of all simulated sensors, with a reading every five minutes, as records of a log. Every twelfth record is broken, in
 * eight ways in turn, and every fiftieth is sent twice.
 */
export function poisonMix(): readonly string[] {
  const readings = calm('poisonmix', '2025-09-12T10:00:00Z', 5 * MINUTE, 120 * MINUTE)
  const offsets = new Map<number, number>()
  const lines: string[] = []
  readings.forEach(({ key, event }, index) => {
    const record = producedRecord('', key, event)
    const breaking =
      index % EACH === EACH - 1 ? BREAKINGS[Math.floor(index / EACH) % BREAKINGS.length] : undefined
    const copies = index % 50 === 49 ? 2 : 1
    for (let copy = 0; copy < copies; copy++)
      lines.push(lineOf(breaking ? breaking(event, record) : record, Date.parse(event.time ?? ''), index))
  })
  return lines

  function lineOf(record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>, timeMs: number, index: number) {
    const partition = record.key === null ? 0 : partitionOf(record.key, PARTITIONS)
    const offset = offsets.get(partition) ?? 0
    offsets.set(partition, offset + 1)
    const topic = topicName('readings', 'recorded-poison-mix')
    return recordedLine({ ...record, topic, partition, offset, timestampMs: timeMs + 1_000 + index })
  }
}
