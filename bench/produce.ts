import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import kafkajs from 'kafkajs'
import { PROFILES, type ProfileName } from '#runtime/producer/index.ts'
import { createTopic } from '../test/support/create-topic.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { kafkaOnly } from './kit/servers.ts'
import { installLibrdkafka, librdkafkaMs, writeRecords } from './produce/librdkafka.ts'
import { paced } from './produce/paced.ts'
import { type Load, loadOf, readings } from './produce/records.ts'
import { bareKafkajs, generator, type MakeSide, platformatic, sluice, type Target } from './produce/sides.ts'

// `npm run bench:produce`: publishes simulated readings with every profile of the producer, and the same bytes with the same settings
// by other clients, which take turns. Sluice begins with events and reports on each; the others begin with finished records, so that
// the cost of CloudEvents is in its figures alone.

const PARTITIONS = 12
const LEAST_OF_KAFKAJS = 0.85

const SIDES: Readonly<Record<string, MakeSide>> = { sluice, kafkajs: bareKafkajs, platformatic }

await runBenchmark({
  usage: `npm run bench:produce -- [options]
  --only PART     ${Object.keys(PROFILES).join(', ')}, paced, or generate`,
  rounds: 5,
  async *measure(run) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-produce-'))
    try {
      await installLibrdkafka(run.signal, folder)
      yield* await kafkaOnly(run.signal, async broker => {
        const figures: Figure[] = []
        for (const profile of Object.keys(PROFILES) as ProfileName[])
          if (run.wants(profile)) figures.push(...(await comparison(profile, broker, folder, run)))
        if (run.wants('generate')) figures.push(...(await generated(broker, run)))
        if (run.wants('paced')) figures.push(...(await withTopic(broker, target => paced(target, run))))
        return figures
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

async function comparison(profile: ProfileName, broker: string, folder: string, run: Run): Promise<Figure[]> {
  const rates: Record<string, number[]> = { sluice: [], kafkajs: [], platformatic: [], librdkafka: [] }
  const cpu: Record<string, number[]> = { sluice: [], kafkajs: [], platformatic: [] }
  const load = loadOf(countFor(profile, run), 'any')
  const file = join(folder, 'records')
  await writeRecords(file, load.records)
  const names = Object.keys(rates)
  for (let round = 0; round < run.rounds; round++) {
    // Each begins as often as the others.
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      run.signal.throwIfAborted()
      const { ms, micros } = await withTopic(broker, target => {
        const make = SIDES[name]
        return make ? published(make, profile, target, load) : byLibrdkafka(profile, file, target, run)
      })
      rates[name]?.push((load.records.length * 1_000) / ms)
      cpu[name]?.push(micros / load.records.length)
    }
    const shown = names.map(name => {
      const micros = cpu[name]?.at(-1)
      const inCpu = micros === undefined ? '' : ` (${micros.toFixed(1)} µs)`
      return `${name} ${Math.round(rates[name]?.at(-1) ?? 0)}${inCpu}`
    })
    const ratio = (rates.sluice?.at(-1) ?? 0) / (rates.kafkajs?.at(-1) ?? 1)
    run.say(
      `${profile}  round ${round + 1}: ${shown.join(', ')} records/s; ${ratio.toFixed(2)} × kafkajs; load ${loadOfMachine()}`,
    )
  }
  const ratios = (rates.sluice ?? []).map((rate, round) => rate / (rates.kafkajs?.[round] ?? Number.NaN))
  const inCpu = (cpu.kafkajs ?? []).map((micros, round) => micros / (cpu.sluice?.[round] ?? Number.NaN))
  return [
    aimed(`produce/${profile}, of bare kafkajs`, '×', { atLeast: LEAST_OF_KAFKAJS }, ratios),
    {
      ...{ name: `produce/${profile}, of bare kafkajs in processor time`, unit: '×' },
      ...{ rounds: inCpu, worse: 'lower' as const },
    },
    ...Object.entries(rates).map(([name, rounds]): Figure => {
      const figure = { name: `produce/${profile}, ${name}`, unit: 'records/s', rounds }
      return name === 'sluice' ? { ...figure, worse: 'lower' } : figure
    }),
    ...Object.entries(cpu).map(([name, rounds]): Figure => {
      return { name: `produce/${profile}, ${name}, processor time of a record`, unit: 'µs', rounds }
    }),
  ]
}

/** `sluice generate --rate max` beside bare kafkajs with finished records of the same profile, and making readings alone. */
async function generated(broker: string, run: Run): Promise<Figure[]> {
  const load = loadOf(countFor('balanced', run), 'any')
  const [ratios, making]: [number[], number[]] = [[], []]
  for (let round = 0; round < run.rounds; round++) {
    const perSecond = async (make: MakeSide) => {
      const { ms } = await withTopic(broker, target => published(make, 'balanced', target, load))
      return (load.records.length * 1_000) / ms
    }
    const kafkajs = await perSecond(bareKafkajs)
    const own = await perSecond(generator)
    const startedMs = performance.now()
    const made = readings(load.records.length)
    const makes = (made.length * 1_000) / (performance.now() - startedMs)
    ratios.push(own / kafkajs)
    making.push(makes / own)
    run.say(
      `generate  round ${round + 1}: generate ${Math.round(own)}, kafkajs ${Math.round(kafkajs)} records/s; ${Math.round(makes)} made/s; load ${loadOfMachine()}`,
    )
  }
  return [
    aimed('produce/generate --rate max, of bare kafkajs', '×', { atLeast: LEAST_OF_KAFKAJS }, ratios),
    aimed('produce/generate, making readings, of publishing them', '×', { atLeast: 3 }, making),
  ]
}

/** Small batches take so long that fewer records say as much. */
function countFor(profile: ProfileName, run: Run): number {
  const isSmall = PROFILES[profile].settings.batchRecords <= 10
  const count = isSmall ? 20_000 : 60_000
  return run.quick ? Math.min(count, 10_000) : count
}

/** Wall time, and the processor time of this process: the producer's alone, because the broker is another. */
interface Cost {
  readonly ms: number
  readonly micros: number
}

async function published(make: MakeSide, profile: ProfileName, target: Target, load: Load): Promise<Cost> {
  const side = await make(profile, target)
  try {
    await side.publish(load)
    const before = process.cpuUsage()
    const startedMs = performance.now()
    await side.publish(load)
    const ms = performance.now() - startedMs
    const { user, system } = process.cpuUsage(before)
    return { ms, micros: user + system }
  } finally {
    await side.close()
  }
}

async function byLibrdkafka(profile: ProfileName, file: string, target: Target, run: Run): Promise<Cost> {
  return { ms: await librdkafkaMs(profile, file, target, run.signal), micros: Number.NaN }
}

function loadOfMachine(): string {
  return (loadavg()[0] ?? 0).toFixed(0)
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
