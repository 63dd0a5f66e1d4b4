/** 1,000 messages of 250 bytes a second, in batches of 100: how long each batch takes until all of it is acknowledged. */
import { PerformanceObserver } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { TelemetryProducer } from '#runtime/producer/index.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import { percentile } from '../kit/statistics.ts'
import type { Target } from './sides.ts'

const MAX_BATCH_MS = 10
const EVERY_MS = 100
const WARM_UP = 200

/** Duration of one batch, and the share of work and garbage collection in it. */
interface Batch {
  readonly ms: number
  readonly cpuMs: number
  readonly gcMs: number
}

/** Each of 100 events or messages. Between two batches of a second, bare kafkajs sends the same: what slows both down is not the producer. */
export async function paced(target: Target, run: Run): Promise<Figure[]> {
  const collections = garbageCollections()
  const sides = { sluice: sluiceBatches(target), kafkajs: await kafkajsBatches(target) }
  const rounds: Record<string, number[]> = { median: [], p99: [], slowest: [], kafkajs: [] }
  try {
    // Code is compiled, and the connections made.
    for (let n = 0; n < WARM_UP; n++) for (const side of Object.values(sides)) await side.send()
    for (let round = 0; round < run.rounds; round++) {
      const batches: Record<keyof typeof sides, Batch[]> = { sluice: [], kafkajs: [] }
      let dueMs = performance.now()
      for (let n = 0; n < (run.quick ? 20 : 100); n++)
        for (const [name, side] of Object.entries(sides)) {
          dueMs += EVERY_MS / 2
          batches[name as keyof typeof sides].push(await measured(side.send, collections))
          await pause(Math.max(0, dueMs - performance.now()), undefined, { signal: run.signal })
        }
      const times = batches.sluice.map(({ ms }) => ms)
      rounds.median?.push(percentile(times, 0.5))
      rounds.p99?.push(percentile(times, 0.99))
      rounds.slowest?.push(Math.max(...times))
      rounds.kafkajs?.push(Math.max(...batches.kafkajs.map(({ ms }) => ms)))
      for (const [name, all] of Object.entries(batches))
        run.say(`paced  round ${round + 1}, ${name}: ${described(all)}`)
    }
  } finally {
    collections.stop()
    for (const side of Object.values(sides)) await side.close()
  }
  const { median = [], p99 = [], slowest = [], kafkajs: other = [] } = rounds
  const goal = { atMost: MAX_BATCH_MS }
  return [
    aimed('produce/batch of 100 at 1,000/s, median', 'ms', goal, median),
    aimed('produce/batch of 100 at 1,000/s, slowest', 'ms', goal, slowest),
    { name: 'produce/batch of 100 at 1,000/s, p99', unit: 'ms', rounds: p99 },
    { name: 'produce/batch of 100 at 1,000/s, slowest of bare kafkajs', unit: 'ms', rounds: other },
  ]
}

function described(batches: readonly Batch[]): string {
  const [slowest] = batches.toSorted((a, b) => b.ms - a.ms)
  if (slowest === undefined) throw new Error('no batch was sent')
  const times = batches.map(({ ms }) => ms)
  const [median, p99] = [0.5, 0.99].map(part => percentile(times, part).toFixed(1))
  const over = times.filter(ms => ms > MAX_BATCH_MS).length
  const ofIt = `${slowest.cpuMs.toFixed(1)} of this process, ${slowest.gcMs.toFixed(1)} of garbage collection`
  return `median ${median} ms, p99 ${p99}, slowest ${slowest.ms.toFixed(1)} (${ofIt}); ${over} above ${MAX_BATCH_MS}`
}

async function measured(send: () => Promise<void>, collections: { ms: number }): Promise<Batch> {
  const [before, gcBefore, startedMs] = [process.cpuUsage(), collections.ms, performance.now()]
  await send()
  const ms = performance.now() - startedMs
  const { user, system } = process.cpuUsage(before)
  // Collections are reported in a later turn.
  await pause(0)
  return { ms, cpuMs: (user + system) / 1_000, gcMs: collections.ms - gcBefore }
}

function garbageCollections() {
  const counted = { ms: 0, stop: () => observer.disconnect() }
  const observer = new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) counted.ms += duration
  })
  observer.observe({ entryTypes: ['gc'] })
  return counted
}

const FILLER = 'x'.repeat(230)
const NUMBERS = Array.from({ length: 100 }, (_, n) => n)

function sluiceBatches({ broker, topic }: Target) {
  const producer = new TelemetryProducer({
    ...{ kafka: { brokers: [broker], auth: 'none' }, topic, profile: 'plain' },
    event: { type: 'com.example.measured', source: '/bench' },
  })
  return {
    async send() {
      const event = (n: number) => producer.createEvent({ n, filler: FILLER }, { subject: `sensor-${n}` })
      await Promise.all(NUMBERS.map(n => producer.publish(event(n))))
    },
    close: () => producer.close(),
  }
}

async function kafkajsBatches({ broker, topic }: Target) {
  const producer = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const headers = { 'content-type': 'application/json', ce_type: 'com.example.measured' }
  return {
    async send() {
      const messages = NUMBERS.map(n => {
        return { key: `sensor-${n}`, value: JSON.stringify({ n, filler: FILLER }), headers }
      })
      await producer.send({ topic, acks: -1, messages })
    },
    close: () => producer.disconnect(),
  }
}
