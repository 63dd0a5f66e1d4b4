/** Events that come to Sluice from outside under one seed: readings of all families, records of an input, and broken records. */

import type { Event } from '#runtime/consumer'
import { computePartition, writeEvent } from '#runtime/test/support/inside'
import { INPUT, type SluiceSimulation, topicOf } from './sluice.ts'

const SITES = ['vienna', 'oslo']
const SENSORS = ['roof-1', 'roof-2']
const MODELS = ['watch', 'band']
const READING = {
  environment: 'environment.reading',
  database: 'database.reading',
  device: 'device.motion',
} as const

/** Adds events for some minutes. Returns the names of the valid readings of the input, which are a sensor and a temperature. */
export function addFeed(sluice: SluiceSimulation, count: number): readonly string[] {
  const { simulation } = sluice
  const random = simulation.chance.stream('feed')
  const inputs: string[] = []
  const sent: Event[] = []
  let atMs = simulation.nowMs
  const append = (topic: string, partitions: number, key: string, value: object) =>
    simulation.log.append(topic, computePartition(Buffer.from(key), partitions), {
      key: Buffer.from(key),
      ...value,
    })

  const createReading = (index: number): { readonly event: Event; readonly key: string } => {
    const kind = random.pick(['environment', 'environment', 'environment', 'database', 'device'] as const)
    const time = new Date(atMs - (random.chance(0.1) ? 120_000 : 0)).toISOString()
    const event = (source: string, subject: string, data: object): Event => ({
      ...{ id: `r${index}`, source, subject, type: `io.sluice.${READING[kind]}.v1`, time },
      ...{ datacontenttype: 'application/json', data },
    })
    if (kind === 'environment') {
      const [site, sensorId] = [random.pick(SITES), random.pick(SENSORS)]
      const temperature = random.chance(0.5) ? random.between(18, 26) : random.between(27, 40)
      const data = { sensorId, temperature, location: { site, latitude: 48, longitude: 16 } }
      return { event: event(`/environment/${site}`, sensorId, data), key: sensorId }
    }
    if (kind === 'database') {
      const instanceId = random.pick(['db-1', 'db-2'])
      const data = {
        databaseType: 'postgres',
        instanceId,
        tenant: 'acme',
        cpuUsagePercent: random.between(10, 99),
      }
      return { event: event('/database/postgres', instanceId, data), key: `postgres:${instanceId}` }
    }
    const [model, deviceId] = [random.pick(MODELS), `device-${random.between(1, 3)}`]
    const activity = random.pick(['walking', 'walking', 'sitting', 'falling'])
    const data = { deviceId, model, x: random.between(-9, 9), y: 0, z: 1, activity }
    return { event: event(`/device/${model}`, deviceId, data), key: model }
  }

  for (let index = 0; index < count; index += 1) {
    // Now and then, sensors are silent.
    atMs += random.chance(0.01) ? 400_000 : random.pick([0, 1_000, 5_000, 20_000])
    const drawn = random.next()
    if (drawn < 0.2) {
      const sensor = `gh-${random.between(1, 3)}`
      const id = `${sensor} ${index}`
      const isBroken = random.chance(0.1)
      const value = isBroken
        ? '{"sensor_id": 7'
        : { sensor_id: sensor, temperature: index, timestamp: atMs / 1000 }
      const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
      if (!isBroken) inputs.push(id)
      simulation.comes(
        atMs,
        `input ${id}`,
        () => void append(INPUT.topic, INPUT.partitions, sensor, { value: bytes }),
      )
    } else if (drawn < 0.24) {
      const value = Buffer.from(`broken ${index}`)
      simulation.comes(
        atMs,
        `broken ${index}`,
        () => void append(topicOf('readings'), 2, 'roof-1', { value }),
      )
    } else {
      const { event, key } = createReading(index)
      const isRepeat = sent.length > 0 && random.chance(0.06)
      const own = isRepeat ? random.pick(sent.slice(-5)) : event
      if (!isRepeat) sent.push(event)
      const place = isRepeat ? keyOf(own) : key
      simulation.comes(
        atMs,
        `reading ${own.id}`,
        () => void append(topicOf('readings'), 2, place, writeEvent(own)),
      )
    }
  }
  return inputs
}

function keyOf({ source, subject = '' }: Event): string {
  if (source.startsWith('/device')) return source.slice('/device/'.length)
  return source.startsWith('/database') ? `postgres:${subject}` : subject
}
