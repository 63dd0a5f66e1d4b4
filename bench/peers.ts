import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL } from '../scripts/paths.ts'
import { OtlpReceiver } from '../test/support/otlp-receiver.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { type Servers, withServers } from './kit/servers.ts'
import { percentile } from './kit/statistics.ts'
import { installedRestate, RESTATE } from './peers/install.ts'
import type { Note } from './peers/noting.ts'
import { rateAfter } from './peers/rate.ts'
import { Readings } from './peers/readings.ts'
import { startRestate } from './peers/restate.ts'
import { type Side, untilNoted, verify } from './peers/side.ts'
import { startSluice } from './peers/sluice.ts'
import { packaged } from './start/bundles.ts'

// `npm run bench:peers`: the processor's statistics in Sluice, through the local trigger, and in Restate, as a virtual object for
// each entity that is subscribed to the same kind of topic. Both have the same records, and are compared with a count of their own
// after every round. It starts its own Kafka, Valkey and Restate.

const SIDES = ['restate', 'sluice'] as const
type SideName = (typeof SIDES)[number]

/** Applied before the measurement, while code is compiled. */
const [WARM_UP, QUICK_WARM_UP] = [20_000, 5_000]
/** Every thread of the function has had some twenty thousand records before the measurement, so that its code is compiled. */
const [STEADY_WARM_UP, STEADY_RECORDS, QUICK_STEADY_RECORDS] = [80_000, 600_000, 100_000]
const STEADY_MICROSECONDS = 60

const PER_SECOND = 500
const SPANS = { OTEL_TRACES_SAMPLER: 'always_on', OTEL_TRACES_SAMPLER_ARG: '50' }
const FLOW_WARM_UP_MS = 5_000
const WITHIN_MS = 10 * 60_000

interface Setup extends Servers {
  readonly handler: string
  readonly installed: string
  readonly room: string
  /** Further variables of Sluice's function. */
  readonly environment?: Readonly<Record<string, string>>
}

await runBenchmark({
  usage: `npm run bench:peers -- [options]
  --only PART     rate, latency, steady: Sluice alone, once its code is compiled, or spans: what those cost`,
  rounds: 3,
  async *measure(run) {
    await mkdir(LOCAL, { recursive: true })
    const room = await mkdtemp(join(LOCAL, 'bench-peers-'))
    try {
      const needsRestate = run.wants('rate') || run.wants('latency')
      const installed = needsRestate ? await installedRestate(run.signal, run.say) : ''
      run.say(needsRestate ? `${RESTATE}; packaging` : 'packaging')
      const bundles = await packaged(['processor'], room)
      yield* await withServers(run.signal, async servers => {
        const setup = { ...servers, handler: bundles.getFile('processor'), installed, room }
        return [
          ...(run.wants('rate') ? await rates(setup, run) : []),
          ...(run.wants('latency') ? await latencies(setup, run) : []),
          ...(run.wants('steady') ? await steady(setup, run) : []),
          ...(run.wants('spans') ? await spans(setup, run) : []),
        ]
      })
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  },
})

/** Records per second of one consumer that reads a filled topic, until all are applied. */
async function rates(setup: Setup, run: Run): Promise<Figure[]> {
  const [warmUp, records] = run.quick ? [QUICK_WARM_UP, 12_000] : [WARM_UP, 60_000]
  const found: Record<SideName, Applied[]> = { restate: [], sluice: [] }
  await inTurn(run, async (name, round) => {
    const applied = await withReadings(setup, `${name}-rate-${round}`, async readings => {
      await readings.fill(warmUp + records)
      const measure = async (side: Side): Promise<Applied> => {
        const beforeMs = (await side.processorMs()) ?? Number.NaN
        const rate = rateAfter(warmUp, await noted(side, readings, run))
        const afterMs = (await side.processorMs()) ?? Number.NaN
        return { rate, microseconds: ((afterMs - beforeMs) * 1000) / readings.sent }
      }
      return withSide(name, readings, measure, setup, run)
    })
    found[name].push(applied)
    const { rate, microseconds } = applied
    run.say(
      `round ${round}  ${name.padEnd(7)} ${rate} records/s, ${Math.round(microseconds)} µs of processor time a record`,
    )
  })
  return [...rateFigures(found), ...processorFigures(found)]
}

interface Applied {
  /** Records per second. */
  readonly rate: number
  /** Processor time of a record; NaN if the system does not report it. */
  readonly microseconds: number
}

function rateFigures({ restate, sluice }: Record<SideName, readonly Applied[]>): Figure[] {
  const rates = (side: readonly Applied[]) => side.map(({ rate }) => rate)
  const ratios = sluice.map(({ rate }, round) => rate / (restate[round] as Applied).rate)
  return [
    { name: 'peers/Restate', unit: '/s', rounds: rates(restate) },
    { name: 'peers/Sluice', unit: '/s', rounds: rates(sluice), worse: 'lower' },
    aimed('peers/Sluice against Restate', '×', { atLeast: 20 }, ratios),
  ]
}

function processorFigures({ restate, sluice }: Record<SideName, readonly Applied[]>): Figure[] {
  const times = (side: readonly Applied[]) => side.map(({ microseconds }) => microseconds)
  if (times(sluice).some(Number.isNaN)) return []
  return [
    { name: 'peers/Restate, processor time a record', unit: 'µs', rounds: times(restate) },
    { name: 'peers/Sluice, processor time a record', unit: 'µs', rounds: times(sluice), worse: 'higher' },
  ]
}

/** Processor time of a record from the trigger to the store, without what it takes to start and to compile. */
async function steady(setup: Setup, run: Run): Promise<Figure[]> {
  const found: number[] = []
  for (let round = 1; round <= run.rounds; round += 1) {
    found.push(await whenWarm(setup, `steady-${round}`, run))
    run.say(`round ${round}  ${found.at(-1)?.toFixed(1)} µs of processor time a record`)
  }
  if (found.some(Number.isNaN)) return []
  return [
    aimed('peers/Sluice, processor time of a record when warm', 'µs', { atMost: STEADY_MICROSECONDS }, found),
  ]
}

/** Measures the cost of the spans of 50 records a second: the processor time of a warm function with and without. */
async function spans(setup: Setup, run: Run): Promise<Figure[]> {
  const receiver = await OtlpReceiver.start()
  const found: Record<'without' | 'with', number[]> = { without: [], with: [] }
  try {
    for (let round = 1; round <= run.rounds; round += 1)
      for (const [name, environment] of [
        ['without', {}],
        ['with', { ...SPANS, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }],
      ] as const) {
        found[name].push(await whenWarm({ ...setup, environment }, `spans-${name}-${round}`, run))
        run.say(
          `round ${round}  ${name} spans ${found[name].at(-1)?.toFixed(1)} µs of processor time a record`,
        )
      }
  } finally {
    await receiver.stop()
  }
  if (found.with.some(Number.isNaN)) return []
  return [
    { name: 'peers/Sluice, processor time of a record without spans', unit: 'µs', rounds: found.without },
    { name: 'peers/Sluice, the same with the spans of every record', unit: 'µs', rounds: found.with },
  ]
}

/** Returns the processor time of a record in microseconds; NaN if the system does not report it. */
async function whenWarm(setup: Setup, env: string, run: Run): Promise<number> {
  const records = run.quick ? QUICK_STEADY_RECORDS : STEADY_RECORDS
  return withReadings(setup, env, async readings => {
    const measure = async (side: Side) => {
      await readings.fill(STEADY_WARM_UP)
      await noted(side, readings, run)
      const beforeMs = (await side.processorMs()) ?? Number.NaN
      await readings.fill(records)
      await noted(side, readings, run)
      return (((await side.processorMs()) ?? Number.NaN) - beforeMs) * (1000 / records)
    }
    return withSide('sluice', readings, measure, setup, run)
  })
}

/** Milliseconds from the broker's timestamp of a reading until it is applied, at 500/s. */
async function latencies(setup: Setup, run: Run): Promise<Figure[]> {
  const found: Record<SideName, { p50: number[]; p99: number[] }> = {
    restate: { p50: [], p99: [] },
    sluice: { p50: [], p99: [] },
  }
  const flowMs = run.quick ? 5_000 : 15_000
  await inTurn(run, async (name, round) => {
    const ages = await withReadings(setup, `${name}-flow-${round}`, readings => {
      const measure = async (side: Side) => {
        await readings.flow(PER_SECOND, FLOW_WARM_UP_MS)
        const warm = await noted(side, readings, run)
        await readings.flow(PER_SECOND, flowMs)
        return (await noted(side, readings, run)).slice(warm.length).flatMap(note => note.ages)
      }
      return withSide(name, readings, measure, setup, run)
    })
    const [p50, p99] = [percentile(ages, 0.5), percentile(ages, 0.99)]
    found[name].p50.push(p50)
    found[name].p99.push(p99)
    run.say(`round ${round}  ${name.padEnd(7)} p50 ${p50} ms, p99 ${p99} ms`)
  })
  const { restate, sluice } = found
  const ratios = sluice.p99.map((p99, round) => p99 / (restate.p99[round] as number))
  return [
    { name: `peers/Restate, p50 at ${PER_SECOND}/s`, unit: 'ms', rounds: restate.p50 },
    { name: `peers/Restate, p99 at ${PER_SECOND}/s`, unit: 'ms', rounds: restate.p99 },
    { name: `peers/Sluice, p50 at ${PER_SECOND}/s`, unit: 'ms', rounds: sluice.p50, worse: 'higher' },
    { name: `peers/Sluice, p99 at ${PER_SECOND}/s`, unit: 'ms', rounds: sluice.p99, worse: 'higher' },
    aimed('peers/p99 of Sluice against Restate', '×', { atMost: 1 }, ratios),
  ]
}

function noted(side: Side, { sent }: Readings, { signal }: Run): Promise<readonly Note[]> {
  return untilNoted(side, sent, { withinMs: WITHIN_MS, signal })
}

/** Both sides alternately, so that other load on the machine affects both. */
async function inTurn(
  { rounds, signal }: Run,
  measure: (name: SideName, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= rounds; round += 1)
    for (const name of SIDES) {
      signal.throwIfAborted()
      await measure(name, round)
    }
}

async function withReadings<T>(
  { broker }: Setup,
  env: string,
  use: (readings: Readings) => Promise<T>,
): Promise<T> {
  const readings = await Readings.open(broker, env)
  try {
    return await use(readings)
  } finally {
    await readings.close()
  }
}

/** Runs one side on the topic of the readings. There is no figure unless its stored states equal the readings in the end. */
async function withSide<T>(
  name: SideName,
  readings: Readings,
  measure: (side: Side) => Promise<T>,
  { broker, redisUrl, handler, installed, room, environment }: Setup,
  { signal }: Run,
): Promise<T> {
  const { env, topic, expected } = readings
  const folder = join(room, env)
  const side =
    name === 'restate'
      ? await startRestate({ installed, broker, topic, folder, signal })
      : await startSluice({ handler, broker, redisUrl, env, folder, environment })
  try {
    const result = await measure(side)
    await verify(side, expected, signal)
    return result
  } finally {
    await side.stop()
  }
}
