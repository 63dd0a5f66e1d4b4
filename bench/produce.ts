import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { PROFILES, type ProfileName, TelemetryProducer } from '../lib/runtime/producer/index.ts'
import { createTopic } from '../test/support/create-topic.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { kafkaOnly } from './kit/servers.ts'
import { percentile } from './kit/statistics.ts'
import { installLibrdkafka, librdkafkaMs, writeRecords } from './produce/librdkafka.ts'
import { type Load, loadOf } from './produce/records.ts'
import { bareKafkajs, type MakeSide, platformatic, sluice, type Target } from './produce/sides.ts'

// `npm run bench:produce`: publishes simulated readings with every profile of the producer, and the same bytes with the same settings
// by other clients, which take turns. Sluice begins with events and reports on each; the others begin with finished records, so that
// the cost of CloudEvents is in its figures alone.

const PARTITIONS = 12
const LEAST_OF_KAFKAJS = 0.85
const MOST_BATCH_MS = 10

const SIDES: Readonly<Record<string, MakeSide>> = { sluice, kafkajs: bareKafkajs, platformatic }

await runBenchmark({
  usage: `npm run bench:produce -- [options]
  --only PART     ${Object.keys(PROFILES).join(', ')}, or paced`,
  rounds: 5,
  async *measure(run) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-produce-'))
    try {
      await installLibrdkafka(run.signal, folder)
      yield* await kafkaOnly(run.signal, async broker => {
        const figures: Figure[] = []
        for (const profile of Object.keys(PROFILES) as ProfileName[])
          if (run.wants(profile)) figures.push(...(await comparison(profile, broker, folder, run)))
        if (run.wants('paced')) figures.push(...(await paced(broker, run)))
        return figures
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

async function comparison(profile: ProfileName, broker: string, folder: string, run: Run): Promise<Figure[]> {
  const rates: Record<string, number[]> = { sluice: [], kafkajs: [], platformatic: [], librdkafka: [] }
  const load = loadOf(run.quick ? 10_000 : 60_000, 'any')
  const file = join(folder, 'records')
  await writeRecords(file, load.records)
  const names = Object.keys(rates)
  for (let round = 0; round < run.rounds; round++) {
    // Each begins as often as the others.
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      run.signal.throwIfAborted()
      const ms = await withTopic(broker, target => {
        const make = SIDES[name]
        return make ? publishMs(make, profile, target, load) : librdkafkaMs(profile, file, target, run.signal)
      })
      rates[name]?.push((load.records.length * 1_000) / ms)
    }
    const shown = names.map(name => `${name} ${Math.round(rates[name]?.at(-1) ?? 0)}`)
    run.say(`${profile}  round ${round + 1}: ${shown.join(', ')} records/s`)
  }
  const ratios = (rates.sluice ?? []).map((rate, round) => rate / (rates.kafkajs?.[round] ?? Number.NaN))
  return [
    aimed(`produce/${profile}, of bare kafkajs`, '', { atLeast: LEAST_OF_KAFKAJS }, ratios),
    ...Object.entries(rates).map(([name, rounds]): Figure => {
      const figure = { name: `produce/${profile}, ${name}`, unit: 'records/s', rounds }
      return name === 'sluice' ? { ...figure, worse: 'lower' } : figure
    }),
  ]
}

async function publishMs(make: MakeSide, profile: ProfileName, target: Target, load: Load): Promise<number> {
  const side = await make(profile, target)
  try {
    await side.publish(load)
    const startedMs = performance.now()
    await side.publish(load)
    return performance.now() - startedMs
  } finally {
    await side.close()
  }
}

/** 1,000 messages of 250 bytes a second, in batches of 100: how long each batch takes until all of it is acknowledged. */
async function paced(broker: string, run: Run): Promise<Figure[]> {
  const [medians, slowest]: number[][] = [[], []]
  for (let round = 0; round < run.rounds; round++) {
    const times = await withTopic(broker, target => pacedMs(target, run.quick ? 20 : 100, run.signal))
    medians?.push(percentile(times, 0.5))
    slowest?.push(Math.max(...times))
    run.say(
      `paced  round ${round + 1}: ${percentile(times, 0.5).toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms`,
    )
  }
  const goal = { atMost: MOST_BATCH_MS }
  return [
    aimed('produce/batch of 100 at 1,000/s, median', 'ms', goal, medians ?? []),
    aimed('produce/batch of 100 at 1,000/s, slowest', 'ms', goal, slowest ?? []),
  ]
}

async function pacedMs({ broker, topic }: Target, batches: number, signal: AbortSignal): Promise<number[]> {
  const producer = new TelemetryProducer({
    ...{ kafka: { brokers: [broker], auth: 'none' }, topic, profile: 'plain' },
    event: { type: 'com.example.measured', source: '/bench' },
  })
  const filler = 'x'.repeat(230)
  const send = async () => {
    const events = Array.from({ length: 100 }, (_, n) =>
      producer.createEvent({ n, filler }, { subject: `sensor-${n}` }),
    )
    const startedMs = performance.now()
    await producer.publishAll(events)
    return performance.now() - startedMs
  }
  // Code is compiled, and the connection made.
  for (let n = 0; n < 50; n++) await send()
  const times: number[] = []
  let dueMs = performance.now()
  while (times.length < batches) {
    dueMs += 100
    times.push(await send())
    await pause(Math.max(0, dueMs - performance.now()), undefined, { signal })
  }
  await producer.close()
  return times
}

async function withTopic<T>(broker: string, use: (target: Target) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin()
  const topic = `bench-${performance.now().toFixed(3).replace('.', '-')}`
  await admin.connect()
  try {
    await createTopic(admin, { topic, numPartitions: PARTITIONS })
    return await use({ broker, topic, partitions: PARTITIONS })
  } finally {
    await admin.deleteTopics({ topics: [topic] }).catch(() => {})
    await admin.disconnect()
  }
}
