import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL } from '../scripts/paths.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { Flow } from './latency/flow.ts'
import { type Beside, type Setup, SIDES, type SideName, startSide } from './latency/sides.ts'
import { packaged } from './start/bundles.ts'
import { activatePlan } from './views/readings.ts'

// `npm run bench:latency`: the time from a reading on its topic to the alert on the alerts topic, through the local trigger
// with a window of 0 and the alerting function, compared with a bare consumer that produces an alert for every reading. It
// starts its own Kafka and Valkey.

const PER_SECOND = 1_000
const P99_MS = 100
/** The p99 while windows of a table close, against the p99 while they stay open. */
const BESIDE_CLOSING = 1.2
const SENSORS = `CREATE STREAM sensor_readings (sensor_id VARCHAR KEY, temperature DOUBLE)
  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');`
/** The warm-up has a higher rate than the measurement: it starts all threads of the function and compiles their code. */
const WARM_UP_MS = 20_000
const WARM_UP_PER_SECOND = 1_500
/** Tried in this order until the p99 exceeds its limit. */
const RATES = [1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000, 15_000, 20_000]

await runBenchmark({
  usage: `npm run bench:latency -- [options]
  --only PART     rate-1000, highest or closing-windows`,
  rounds: 3,
  async *measure(run) {
    await mkdir(LOCAL, { recursive: true })
    const room = await mkdtemp(join(LOCAL, 'bench-latency-'))
    try {
      run.say('packaging')
      const bundles = await packaged(['alerting', 'views'], room)
      const figures = await withServers(run.signal, async servers => {
        const setup = {
          ...servers,
          handler: bundles.getFile('alerting'),
          views: bundles.getFile('views'),
          room,
        }
        return [
          ...(run.wants('rate-1000') ? await latencies(setup, run) : []),
          ...(run.wants('highest') ? await highest(setup, run) : []),
          ...(run.wants('closing-windows') ? await besideClosingWindows(setup, run) : []),
        ]
      })
      yield* figures
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  },
})

/** Measures both sides alternately, each time with new topics. */
async function latencies(setup: Setup, run: Run): Promise<Figure[]> {
  const found: Record<SideName, { p50: number[]; p99: number[] }> = {
    bare: { p50: [], p99: [] },
    sluice: { p50: [], p99: [] },
  }
  for (let round = 1; round <= run.rounds; round += 1)
    for (const side of SIDES)
      await withSide(side, `${side}-${round}`, setup, run, async flow => {
        const { p50, p99 } = await flow.measure(PER_SECOND, run.quick ? 4_000 : 10_000)
        found[side].p50.push(p50)
        found[side].p99.push(p99)
        run.say(`round ${round}  ${side.padEnd(6)} p50 ${p50} ms, p99 ${p99} ms`)
      })
  const { bare, sluice } = found
  return [
    { name: 'latency/bare, p50', unit: 'ms', rounds: bare.p50 },
    { name: 'latency/bare, p99', unit: 'ms', rounds: bare.p99 },
    { name: 'latency/reading to alert, p50', unit: 'ms', rounds: sluice.p50, worse: 'higher' },
    aimed('latency/reading to alert, p99', 'ms', { atMost: P99_MS }, sluice.p99),
  ]
}

/** The highest rate at which the p99 stays within its limit; 0 if it never does. */
async function highest(setup: Setup, run: Run): Promise<Figure[]> {
  const found: Record<SideName, number> = { bare: 0, sluice: 0 }
  for (const side of SIDES)
    await withSide(side, `${side}-highest`, setup, run, async flow => {
      for (const rate of RATES) {
        run.signal.throwIfAborted()
        const { p50, p99 } = await flow.measure(rate, run.quick ? 3_000 : 8_000)
        run.say(`${rate}/s  ${side.padEnd(6)} p50 ${p50} ms, p99 ${p99} ms`)
        if (p99 > P99_MS) return
        found[side] = rate
      }
    })
  const name = `with a p99 below ${P99_MS} ms`
  return [
    { name: `latency/bare, highest rate ${name}`, unit: '/s', rounds: [found.bare] },
    {
      name: `latency/reading to alert, highest rate ${name}`,
      unit: '/s',
      rounds: [found.sluice],
      worse: 'lower',
    },
  ]
}

/**
 * Each round beside the function `views`, with windows that stay open during the measurement, and with windows that all close every
 * two seconds.
 */
async function besideClosingWindows(setup: Setup & { readonly views: string }, run: Run): Promise<Figure[]> {
  const ratios: number[] = []
  for (let round = 1; round <= run.rounds; round += 1) {
    const p99Of = (env: string, size: string) => {
      const { broker, views } = setup
      const text = `${SENSORS} CREATE TABLE sensors AS SELECT sensor_id, AVG(temperature) AS mean FROM sensor_readings
        WINDOW TUMBLING (SIZE ${size}, GRACE PERIOD 0 SECONDS) GROUP BY sensor_id;`
      return p99Beside(env, setup, run, { views }, () => activatePlan({ broker, env, text }))
    }
    const open = await p99Of(`open-${round}`, '1 HOUR')
    const closing = await p99Of(`closing-${round}`, '2 SECONDS')
    run.say(`round ${round}  p99 ${open} ms beside open windows, ${closing} ms beside windows that close`)
    ratios.push(closing / open)
  }
  return [aimed('latency/p99 beside windows that close', '×', { atMost: BESIDE_CLOSING }, ratios)]
}

/** Returns the p99 of the alerts, in milliseconds, beside something else. @param prepare called when the topics exist */
async function p99Beside(
  env: string,
  setup: Setup,
  run: Run,
  beside: Beside,
  prepare?: () => Promise<void>,
): Promise<number> {
  let p99 = Number.NaN
  const measureFlow = async (flow: Flow) => {
    p99 = (await flow.measure(PER_SECOND, run.quick ? 4_000 : 10_000)).p99
  }
  await withSide('sluice', env, setup, run, measureFlow, beside, prepare)
  return p99
}

async function withSide(
  side: SideName,
  env: string,
  setup: Setup,
  run: Run,
  use: (flow: Flow) => Promise<void>,
  beside: Beside = {},
  prepare: () => Promise<void> = async () => {},
): Promise<void> {
  run.signal.throwIfAborted()
  const flow = await Flow.open(setup.broker, env)
  try {
    await prepare()
    const running = await startSide(side, env, setup, beside)
    try {
      await flow.measure(WARM_UP_PER_SECOND, WARM_UP_MS)
      await use(flow)
    } finally {
      await running.stop()
    }
  } finally {
    await flow.close()
  }
}
