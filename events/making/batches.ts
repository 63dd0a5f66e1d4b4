/** Generates the recorded Lambda batches of the readings topic. Each batch contains one special kind of content. */

import { topicName } from '../../lib/app/topics.ts'
import { FAMILIES, type ReadingData } from '../../lib/telemetry/families.ts'
import { keyOf, reading } from '../../lib/telemetry/reading.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import type { OutgoingRecord, RecordHeader } from '../../packages/runtime/cloudevents/record.ts'
import { type ContentMode, producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'

const START = Date.parse('2025-07-01T12:00:00Z')

/** Partition of each key, as Kafka's default partitioner selects it for a topic with twelve partitions. */
const PARTITIONS: Readonly<Record<string, number>> = {
  'roof-1': 9,
  'roof-2': 6,
  'Zürich-1': 3,
  'postgres:orders-1': 4,
  'band-3': 7,
}

/** Returns the time of a step. Steps are ten seconds apart. */
const at = (step: number) => new Date(START + step * 10_000).toISOString()

function environment(name: string, step: number, sensorId: string, temperature: number): Event {
  const location = { site: 'vienna', latitude: 48.21, longitude: 16.37 }
  const data = { sensorId, temperature, location }
  return reading(FAMILIES.environment, derivedId('captured', name, step), at(step), data)
}

/**
 * Returns the record of an event. Its append time is two seconds after the event time or, if `step` is given, two seconds after
 * that step.
 */
function captured(key: string | null, event: Event, step?: number, mode?: ContentMode): Captured {
  // The topic name is not needed here, because the batch contains it.
  const { value, headers, key: bytes } = producedRecord('', key, event, mode)
  const appendedAtMs = (step === undefined ? Date.parse(event.time ?? '') : START + step * 10_000) + 2_000
  const appendedAt = new Date(appendedAtMs).toISOString()
  return { key: bytes, value, headers, appendedAt, partition: PARTITIONS[key ?? 'roof-1'] ?? 0 }
}

/** Two and a half minutes of readings of one sensor, one reading every ten seconds. The last reading arrives late. */
export function good() {
  const temperatures = [
    39.2, 39.5, 39.9, 40.3, 40.8, 41.1, 40.9, 40.4, 40, 39.6, 39.4, 39.1, 38.8, 38.8, 38.5,
  ]
  const events = temperatures.map((temperature, step) => environment('good', step, 'roof-1', temperature))
  const late = { ...environment('good', 99, 'roof-1', 40.7), time: at(7) }
  return lambdaBatch('good', [
    ...events.map(event => captured('roof-1', event)),
    captured('roof-1', late, 15),
  ])
}

/** All kinds of records that can never be processed, between two valid records. */
export function poison() {
  const reading = (step: number) => environment('poison', step, 'roof-1', 20 + step)
  const healthy = (step: number) => captured('roof-1', reading(step))
  const without = (record: Captured, header: string) => ({
    ...record,
    headers: record.headers.filter(([name]) => name !== header),
  })
  const bytes = (text: string | number[]) => Buffer.from(text as string)
  const later = { ...reading(7), time: at(7 + 60) }
  return lambdaBatch('poison', [
    healthy(0),
    // not-a-cloudevent
    { ...healthy(1), key: null, headers: [], value: bytes([0xde, 0xad, 0xbe, 0xef]) },
    { ...healthy(2), headers: [], value: bytes('{"temperature":21.5}') },
    // malformed-event
    without(healthy(3), 'ce_id'),
    { ...healthy(4), headers: [...healthy(4).headers, ['ce_id', bytes('another')]] },
    { ...healthy(5), value: bytes('{"sensorId":"roof-1","temper') },
    {
      ...healthy(6),
      headers: [['content-type', bytes('application/cloudevents-batch+json')]],
      value: bytes('[]'),
    },
    { ...healthy(6), headers: [...without(healthy(6), 'ce_subject').headers, ['ce_subject', bytes([0xff])]] },
    // time-in-future: ten minutes later than its record
    captured('roof-1', later, 7),
    // schema-violated
    captured('roof-1', { ...reading(8), data: { sensorId: 'roof-1', temperature: '28' } }),
    captured('roof-1', { ...reading(9), data: { ...(reading(9).data as object), colour: 'red' } }),
    // rejected: a number that is too large for statistics
    captured('roof-1', environment('poison', 10, 'roof-1', 1e200)),
    healthy(11),
  ])
}

/** Events that a producer sent again after a timeout, and an id that was used for two different events. */
export function duplicates() {
  const cpu = (step: number, cpuUsagePercent: number): Event => {
    const data = { databaseType: 'postgres', instanceId: 'orders-1', tenant: 'shop', cpuUsagePercent }
    return reading(FAMILIES.database, derivedId('captured', 'duplicate', step), at(step), data)
  }
  const record = (event: Event, step: number) =>
    captured(keyOf(FAMILIES.database, event.data as ReadingData), event, step)
  const traced = {
    ...cpu(0, 61),
    extensions: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  }
  return lambdaBatch('duplicate', [
    record(cpu(0, 61), 0),
    record(cpu(1, 62), 1),
    // The same events again, at later offsets. One has a different trace context, which does not make it a different event.
    record(traced, 2),
    record(cpu(1, 62), 2),
    // The id of the first event with a different value. This is an error of the producer, not a duplicate.
    record(cpu(0, 99), 3),
    record(cpu(4, 63), 4),
    record(cpu(4, 63), 5),
  ])
}

/** Readings in units other than the default of their family. Only some of them can be converted. */
export function units() {
  const inUnit = (step: number, unit: string, metrics: ReadingData) => {
    const event = environment('units', step, 'roof-1', 20)
    const { temperature: _, ...identity } = event.data as ReadingData
    return captured('roof-1', { ...event, data: { ...identity, ...metrics, unit } })
  }
  return lambdaBatch('units', [
    // 80 °F is 26.7 °C: the number exceeds the threshold of 40, but the temperature does not.
    inUnit(0, 'fahrenheit', { temperature: 80 }),
    inUnit(1, '°F', { temperature: 110 }),
    inUnit(2, 'K', { temperature: 313.15 }),
    // The unit applies to one metric. The other metric is in the default unit of its family.
    inUnit(3, 'mmHg', { temperature: 21, pressure: 760 }),
    inUnit(4, 'm/s', { windSpeed: 10 }),
    // unit-mismatch: a unit of another dimension, and an unknown unit
    inUnit(5, 'hPa', { temperature: 21 }),
    inUnit(6, 'lux', { temperature: 21 }),
    // schema-violated: 200 %
    inUnit(7, 'ratio', { humidity: 2 }),
    inUnit(8, 'celsius', { temperature: 21 }),
  ])
}

/** Records without a value, which Kafka calls tombstones, and a record with an empty value, which is not a tombstone. */
export function tombstones() {
  const healthy = (step: number) => captured('roof-2', environment('tombstone', step, 'roof-2', 21 + step))
  const foreign: Event = {
    id: 'foreign-1',
    source: '/elsewhere',
    type: 'org.example.sensor.removed',
    time: at(3),
  }
  return lambdaBatch('tombstone', [
    healthy(0),
    // A tombstone without headers.
    { ...healthy(1), value: null, headers: [] },
    // An event without data, which is a valid event but not a valid reading.
    { ...healthy(2), value: null },
    // A valid event of a type that the processor does not handle.
    { ...captured('roof-2', foreign) },
    { ...healthy(4), value: Buffer.alloc(0) },
    healthy(5),
  ])
}

/**
 * Several partitions, families, content modes and event types in one batch. One subject is not ASCII, so its header has negative
 * byte values.
 */
export function mixedPartitions() {
  const zurich = (step: number) => environment('mixed', step, 'Zürich-1', 18 + step)
  const roof = (step: number) => environment('mixed', step, 'roof-1', 30 + step)
  const database = { databaseType: 'postgres', instanceId: 'orders-1', tenant: 'shop', cpuUsagePercent: 55 }
  const motion = { deviceId: 'wrist-1', model: 'band-3', x: 0.1, y: 0.2, z: 9.8, activity: 'resting' }
  return lambdaBatch('mixed', [
    captured('roof-1', roof(0)),
    captured('Zürich-1', zurich(1)),
    captured('postgres:orders-1', reading(FAMILIES.database, 'mixed-database', at(2), database)),
    captured('band-3', reading(FAMILIES.device, 'mixed-device', at(3), motion)),
    captured('roof-1', roof(4), undefined, 'structured'),
    { ...captured(null, tick(9, at(5))), partition: 9 },
    captured('Zürich-1', zurich(6), undefined, 'structured'),
    captured('Zürich-1', zurich(7)),
    { ...captured(null, tick(3, at(8))), partition: 3 },
    {
      ...captured('band-3', { id: 'foreign-2', source: '/elsewhere', type: 'org.example.ping', time: at(9) }),
    },
  ])
}

/** Record with the partition and the append time that it has in the recorded batch. */
interface Captured extends Pick<OutgoingRecord, 'key' | 'value' | 'headers'> {
  readonly partition: number
  /** Append time of the broker, RFC 3339. */
  readonly appendedAt: string
}

/**
 * Returns a batch with these records. The offsets of each partition start at 0. Each batch has its own environment, so that several
 * batches can be run one after another or on a live stack. Otherwise the offsets of one batch would advance the applied offset of
 * another.
 *
 * @param name last part of the environment's name
 */
function lambdaBatch(name: string, captured: readonly Captured[]) {
  const topic = topicName('readings', `recorded-${name}`)
  const records: Record<string, object[]> = {}
  for (const { partition, appendedAt, key, value, headers } of captured) {
    const place = `${topic}-${partition}`
    records[place] ??= []
    records[place].push({
      topic,
      partition,
      offset: records[place].length,
      timestamp: Date.parse(appendedAt),
      timestampType: 'LOG_APPEND_TIME',
      // Lambda omits null values.
      ...(key === null ? {} : { key: key.toString('base64') }),
      ...(value === null ? {} : { value: value.toString('base64') }),
      headers: headers.map(signed),
    })
  }
  return {
    eventSource: 'aws:kafka',
    eventSourceArn:
      'arn:aws:kafka:eu-central-1:000000000000:cluster/recorded/00000000-0000-0000-0000-000000000000-1',
    bootstrapServers: '127.0.0.1:9092',
    records,
  }
}

/** Encodes header bytes as Lambda does in JSON: as signed Java bytes, where values of 128 and above are negative. */
function signed([name, bytes]: RecordHeader): Record<string, number[]> {
  return { [name]: [...new Int8Array(bytes ?? [])] }
}
