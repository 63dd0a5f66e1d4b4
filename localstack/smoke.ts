import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { TopicOffsets } from '../lib/adapters/kafka/offsets.ts'
import { SlotInspection } from '../lib/adapters/redis/inspection.ts'
import { producedRecord } from '../lib/cloudevents/writer.ts'
import { localEnvironment, readConfig } from '../lib/config.ts'
import { Connections } from '../lib/connections.ts'
import { type EntityStatistics, statistics, summarise } from '../lib/domain/analytics/process.ts'
import { entityOf } from '../lib/domain/event.ts'
import { FAMILIES } from '../lib/domain/telemetry/families.ts'
import { reading } from '../lib/domain/telemetry/reading.ts'
import { TOPICS, topicName } from '../lib/domain/topics.ts'
import { FlowFigures } from './start/figures.ts'

// `npm run smoke`: sends readings of a sensor that nobody else has through a running stack, and waits for them.

const READINGS = 20
const WITHIN_MS = 30_000

process.exitCode = await main().catch(error => {
  console.error(`✗ ${(error as Error).message}\n  Is the stack running? Start it with: npm start`)
  return 1
})
// A client that is still trying to connect would keep this process alive.
process.exit()

async function main(): Promise<number> {
  const config = readConfig(localEnvironment(process.env))
  const connections = new Connections(config, 'smoke')
  const publisher = await connections.publisher()
  const slots = new SlotInspection(await connections.redis())
  const topic = topicName('readings', config.env)
  const sensor = `smoke-${randomUUID().slice(0, 8)}`
  const events = readingsOf(sensor, Date.now())

  const flow = await FlowFigures.from(new TopicOffsets(await connections.kafka()), slots, config.env)
  const startedAtMs = Date.now()
  await publisher.publish(events.map(event => producedRecord(topic, sensor, event)))
  console.log(`sent      ${READINGS} readings of ${sensor} to ${topic}`)

  const entity = entityOf(events[0] as (typeof events)[number])
  const arrived = () => arrivedOf(slots, topic, entity)
  const pending = async () => (await flow.read()).pending
  const giveUpAtMs = startedAtMs + WITHIN_MS
  while ((await arrived()) < READINGS && Date.now() < giveUpAtMs) await pause(100)
  const tookMs = Date.now() - startedAtMs
  while ((await pending()) > 0 && Date.now() < giveUpAtMs) await pause(100)
  return verdict(await arrived(), await pending(), tookMs)
}

function verdict(arrived: number, pending: number, tookMs: number): number {
  console.log(`arrived   ${arrived} of ${READINGS}, in ${(tookMs / 1000).toFixed(1)} s`)
  console.log(`pending   ${pending === 0 ? 'none' : pending}`)
  const well = arrived === READINGS && pending === 0
  console.log(
    well
      ? '✓ all readings arrived, and none is pending'
      : `✗ after ${WITHIN_MS / 1000} s; are the functions running?`,
  )
  return well ? 0 : 1
}

function readingsOf(sensorId: string, nowMs: number) {
  return Array.from({ length: READINGS }, (_, index) => {
    const time = new Date(nowMs - (READINGS - index) * 1000).toISOString()
    const location = { site: 'smoke', latitude: 0, longitude: 0 }
    return reading(FAMILIES.environment, `${sensorId}-${index}`, time, {
      sensorId,
      temperature: 20,
      location,
    })
  })
}

/** How many readings the processor has counted for the entity, wherever its key took it. */
async function arrivedOf(slots: SlotInspection, topic: string, entity: string): Promise<number> {
  const partitions = Array.from({ length: TOPICS.readings.partitions }, (_, partition) => partition)
  const states = await Promise.all(
    partitions.map(partition => slots.state({ consumer: statistics.name, topic, partition }, entity)),
  )
  const state = states.find(found => found !== undefined) as EntityStatistics | undefined
  return state === undefined ? 0 : (summarise(state).metrics.temperature?.count ?? 0)
}
