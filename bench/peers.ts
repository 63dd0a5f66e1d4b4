import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL } from '../scripts/paths.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { percentile } from './kit/statistics.ts'
import { installedStreams, STREAMS } from './kit/streams/streams.ts'
import { installedRestate, RESTATE } from './peers/install.ts'
import { killed } from './peers/killed.ts'
import { rateAfter } from './peers/rate.ts'
import { countApplied, type Side } from './peers/side.ts'
import {
  inTurn,
  noted,
  type Setup,
  SIDES,
  type SideName,
  TITLES,
  withReadings,
  withSide,
} from './peers/sides.ts'
import { packaged } from './start/bundles.ts'

// `npm run bench:peers`: the processor's statistics in Sluice, through the local trigger, in Kafka Streams, and in Restate, as a virtual
// object for each entity that is subscribed to the same kind of topic. All have the same records, one side after the other, and what
// they have stored is compared with statistics of its own after every round. The processor time of the broker does not count for any
// side, that of Valkey does. It starts its own Kafka, Valkey and Restate.

/** Records applied before the measurement, while code is compiled, and in it. Restate needs a minute for its own. */
const LOADS: Readonly<Record<SideName, Load>> = {
  restate: { warmUp: 20_000, records: 60_000 },
  streams: { warmUp: 100_000, records: 300_000 },
  sluice: { warmUp: 100_000, records: 300_000 },
}
/** The part of a load that a quick run has. */
const QUICK = 0.2
/** Every thread of the function has had some twenty thousand records before the measurement, so that its code is compiled. */
const [STEADY_WARM_UP, STEADY_RECORDS, QUICK_STEADY_RECORDS] = [80_000, 600_000, 100_000]
const STEADY_MICROSECONDS = 46

const PER_SECOND = 500
const FLOW_WARM_UP_MS = 5_000

interface Load {
  readonly warmUp: number
  readonly records: number
}

await runBenchmark({
  usage: `npm run bench:peers -- [options]
  --only PART     rate: with memory, killed: time until a killed instance continues, latency: without Kafka Streams,
                  or steady: Sluice alone, once its code is compiled`,
  rounds: 3,
  async *measure(run) {
    await mkdir(LOCAL, { recursive: true })
    const room = await mkdtemp(join(LOCAL, 'bench-peers-'))
    try {
      const needsPeers = run.wants('rate') || run.wants('killed')
      const needsRestate = needsPeers || run.wants('latency')
      const installed = needsRestate ? await installedRestate(run.signal, run.say) : ''
      const program = 'bench/peers/Statistics.java'
      const classPath = needsPeers ? await installedStreams(program, room, run.signal) : ''
      run.say(needsRestate ? `${RESTATE}; ${STREAMS}; packaging` : 'packaging')
      const bundles = await packaged(['processor'], room)
      yield* await withServers(run.signal, async servers => {
        const setup = { ...servers, handler: bundles.getFile('processor'), installed, classPath, room }
        return [
          ...(run.wants('rate') ? await rates(setup, run) : []),
          ...(run.wants('killed') ? await killed(setup, run) : []),
          ...(run.wants('latency') ? await latencies(setup, run) : []),
          ...(run.wants('steady') ? await steady(setup, run) : []),
        ]
      })
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  },
})

/** Rate of one consumer that reads a filled topic, until all are applied, and its memory then. */
async function rates(setup: Setup, run: Run): Promise<Figure[]> {
  const found: Record<SideName, Measured[]> = { restate: [], streams: [], sluice: [] }
  await inTurn(SIDES, run, async (name, round) => {
    const part = run.quick ? QUICK : 1
    const [warmUp, records] = [LOADS[name].warmUp * part, LOADS[name].records * part]
    const measured = await withReadings(setup, `${name}-rate-${round}`, async readings => {
      await readings.fill(warmUp + records)
      const measure = async (side: Side): Promise<Measured> => {
        const seen = countApplied(await noted(side, warmUp, run))
        const beforeMs = (await side.processorMs()) ?? Number.NaN
        const perSecond = rateAfter(warmUp, await noted(side, readings.sent, run))
        const usedMs = ((await side.processorMs()) ?? Number.NaN) - beforeMs
        const mebibytes = (await side.memoryBytes()) / 1024 / 1024
        return { perSecond, perCore: Math.round(((readings.sent - seen) * 1000) / usedMs), mebibytes }
      }
      return withSide(name, readings, measure, setup, run)
    })
    found[name].push(measured)
    const { perSecond, perCore, mebibytes } = measured
    run.say(
      `round ${round}  ${name.padEnd(7)} ${perSecond} records/s, ${perCore} of a core, ${Math.round(mebibytes)} MiB`,
    )
  })
  return rateFigures(found)
}

interface Measured {
  /** Records per second. */
  readonly perSecond: number
  /** Records per second of processor time. */
  readonly perCore: number
  /** Memory of its processes and its store. */
  readonly mebibytes: number
}

function rateFigures(found: Record<SideName, readonly Measured[]>): Figure[] {
  const figures = SIDES.flatMap((side): Figure[] => {
    const values = (name: keyof Measured) => found[side].map(measured => measured[name])
    const figure = (what: string, unit: string, name: keyof Measured, worse: 'higher' | 'lower'): Figure => ({
      ...{ name: `peers/${TITLES[side]}${what}`, unit, rounds: values(name) },
      ...(side === 'sluice' && { worse }),
    })
    return [
      figure('', '/s', 'perSecond', 'lower'),
      figure(', records of a core', '/s', 'perCore', 'lower'),
      figure(', memory', 'MiB', 'mebibytes', 'higher'),
    ]
  })
  const ratios = (peer: SideName, name: keyof Measured) =>
    found.sluice.map((measured, round) => measured[name] / (found[peer][round] as Measured)[name])
  return [
    ...figures.filter(({ rounds }) => !rounds.some(Number.isNaN)),
    aimed('peers/Sluice against Restate', '×', { atLeast: 20 }, ratios('restate', 'perSecond')),
    aimed(
      'peers/Sluice against Kafka Streams, records of a core',
      '×',
      { atLeast: 0.4 },
      ratios('streams', 'perCore'),
    ),
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

/** Returns the processor time of a record in microseconds; NaN if the system does not report it. */
async function whenWarm(setup: Setup, env: string, run: Run): Promise<number> {
  const records = run.quick ? QUICK_STEADY_RECORDS : STEADY_RECORDS
  return withReadings(setup, env, async readings => {
    const measure = async (side: Side) => {
      await readings.fill(STEADY_WARM_UP)
      await noted(side, readings.sent, run)
      const beforeMs = (await side.processorMs()) ?? Number.NaN
      await readings.fill(records)
      await noted(side, readings.sent, run)
      return (((await side.processorMs()) ?? Number.NaN) - beforeMs) * (1000 / records)
    }
    return withSide('sluice', readings, measure, setup, run)
  })
}

/** Milliseconds from the broker's timestamp of a reading until it is applied, at 500/s. */
async function latencies(setup: Setup, run: Run): Promise<Figure[]> {
  const found = {
    restate: { p50: [] as number[], p99: [] as number[] },
    sluice: { p50: [] as number[], p99: [] as number[] },
  }
  const flowMs = run.quick ? 5_000 : 15_000
  await inTurn(['restate', 'sluice'], run, async (name, round) => {
    const ages = await withReadings(setup, `${name}-flow-${round}`, readings => {
      const measure = async (side: Side) => {
        await readings.flow(PER_SECOND, FLOW_WARM_UP_MS)
        const warm = await noted(side, readings.sent, run)
        await readings.flow(PER_SECOND, flowMs)
        return (await noted(side, readings.sent, run)).slice(warm.length).flatMap(note => note.ages)
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
