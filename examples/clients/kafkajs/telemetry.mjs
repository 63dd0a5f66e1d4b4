/** Common parts of the producer and the consumer: settings, readings, and CloudEvents in records of Kafka. */
import { Kafka as Binding, CloudEvent } from 'cloudevents'

export const BROKERS = (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(',')
export const TOPIC = process.env.TOPIC ?? 'sluice.telemetry.readings.local'
const SENSORS = ['roof', 'cellar', 'café']

/** One of the words, which is the first argument of the program; by default, the first of them. */
export function readArgument(...words) {
  const [word = words[0]] = process.argv.slice(2)
  if (words.includes(word)) return word
  console.error(`The argument must be one of ${words.join(', ')}, not ${word}.`)
  process.exit(2)
}

/** Simulated readings of three sensors, a second apart. */
export function readings(count, site) {
  const nowMs = Date.now()
  return Array.from({ length: count }, (_, n) => reading(SENSORS[n % 3], site, nowMs - (count - n) * 1000))
}

function reading(sensorId, site, timeMs) {
  const time = new Date(timeMs).toISOString()
  return new CloudEvent({
    // Derived from the reading, so that sending it twice gives the same id, and Sluice drops the repeat.
    id: `${sensorId}@${time}`,
    source: `/environment/${site}`,
    type: 'io.sluice.environment.reading.v1',
    subject: sensorId,
    time,
    datacontenttype: 'application/json',
    dataschema: 'https://sluice.io/schemas/environment.reading.v1.json',
    data: {
      sensorId,
      temperature: Math.round(150 + Math.random() * 100) / 10,
      location: { site, latitude: 47.37, longitude: 8.54 },
    },
  })
}

/** The record of an event in `binary` or `structured` mode. Its key is the entity: all its readings are in one partition. */
export function createRecord(event, mode) {
  const key = event.subject
  if (mode === 'structured') {
    const { headers, value } = Binding.structured(event)
    return { key, value, headers }
  }
  const { headers, value } = Binding.binary(event)
  // The SDK repeats the content type as an attribute, names attributes that are not set, and leaves the data as an object.
  const set = Object.entries(headers).filter(
    ([name, text]) => text !== undefined && name !== 'ce_datacontenttype',
  )
  return { key, value: JSON.stringify(value), headers: Object.fromEntries(set) }
}

/** Returns the event of a record, in the mode of its content type. Throws without one. */
export function readEvent({ headers = {}, value }) {
  const named = Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, String(bytes)]))
  const isStructured = /^\s*application\/cloudevents/i.test(named['content-type'] ?? '')
  // The SDK's reader of this mode refuses an event without a time.
  if (isStructured) return new CloudEvent(JSON.parse(String(value)))
  if (value !== null) return Binding.toEvent({ headers: named, value })
  // The SDK takes a record without a value for one that is not an event, and an empty value for JSON that is broken.
  const { 'content-type': _, ...attributes } = named
  return Binding.toEvent({ headers: attributes, value: Buffer.of() }).cloneWith(
    { data: undefined, data_base64: undefined },
    false,
  )
}

/** The data as JSON; data in another format as base64. */
export function dataText({ data, data_base64: base64 }) {
  return base64 ?? JSON.stringify(data ?? null)
}
