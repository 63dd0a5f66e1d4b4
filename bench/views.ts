import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL } from '../scripts/paths.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { Progress } from './kit/progress.ts'
import { type Servers, withServers } from './kit/servers.ts'
import { installedStreams, STREAMS } from './kit/streams/streams.ts'
import { names } from './kit/vocabulary.ts'
import { packaged } from './start/bundles.ts'
import { fill } from './views/readings.ts'
import type { Side, TableKind } from './views/side.ts'
import { startSluice } from './views/sluice.ts'
import { startStreams } from './views/streams.ts'

// `npm run bench:views`: the same table in Sluice, through the local trigger, and in Kafka Streams, on the same filled topic. Both
// apply each reading once: Kafka Streams with transactions (exactly_once_v2), a changelog and RocksDB, Sluice with its state in
// Valkey. Kafka Streams groups by the key of the record; Sluice sends every row to its group through a topic. The processor time
// of the broker does not count for either side, that of Valkey does. It starts its own Kafka and Valkey.

const SIDES = ['streams', 'sluice'] as const
type SideName = (typeof SIDES)[number]

interface Setup extends Servers {
  readonly handler: string
  readonly classPath: string
  readonly room: string
}

interface Measured {
  readonly perSecond: number
  /** Memory that was added while the table was filled. */
  readonly bytes: number
}

await runBenchmark({
  usage: `npm run bench:views -- [options]
  --only PART     windows: records a second, or keys: memory of a million keys`,
  rounds: 3,
  async *measure(run) {
    await mkdir(LOCAL, { recursive: true })
    const room = await mkdtemp(join(LOCAL, 'bench-views-'))
    try {
      run.say(`${STREAMS}; packaging`)
      const classPath = await installedStreams('bench/views/Streams.java', room, run.signal)
      const bundles = await packaged(['views'], room)
      const handler = bundles.getFile('views')
      if (run.wants('windows')) yield* await windows({ handler, classPath, room }, run)
      if (run.wants('keys')) yield* await keys({ handler, classPath, room }, run)
    } finally {
      await rm(room, { recursive: true, force: true })
    }
  },
})

/** Records per second of one core: windows of a minute, for 1,000 devices. */
async function windows(setup: Omit<Setup, keyof Servers>, run: Run): Promise<Figure[]> {
  const [warmUp, records] = run.quick ? [30_000, 60_000] : [100_000, 400_000]
  const found = await inTurn('windows', { warmUp, records, devices: 1_000, rounds: run.rounds }, setup, run)
  const rates = (side: SideName) => found[side].map(({ perSecond }) => perSecond)
  const ratios = rates('sluice').map((rate, round) => rate / (rates('streams')[round] as number))
  return [
    { name: 'views/Kafka Streams, records of a core', unit: '/s', rounds: rates('streams') },
    { name: 'views/Sluice, records of a core', unit: '/s', rounds: rates('sluice'), worse: 'lower' },
    { name: 'views/Sluice against Kafka Streams', unit: '×', rounds: ratios, worse: 'lower' },
  ]
}

/** Memory of a key: a table without windows that has a row for every device. */
async function keys(setup: Omit<Setup, keyof Servers>, run: Run): Promise<Figure[]> {
  const devices = run.quick ? 100_000 : 1_000_000
  const found = await inTurn('keys', { warmUp: 0, records: devices, devices, rounds: 1 }, setup, run)
  const bytes = (side: SideName) => found[side].map(measured => measured.bytes / devices)
  const ratios = bytes('sluice').map((count, round) => count / (bytes('streams')[round] as number))
  return [
    { name: 'views/Kafka Streams, memory of a key', unit: 'B', rounds: bytes('streams') },
    { name: 'views/Sluice, memory of a key', unit: 'B', rounds: bytes('sluice'), worse: 'higher' },
    aimed('views/memory of a key against Kafka Streams', '×', { atMost: 1 }, ratios),
  ]
}

interface Load {
  readonly warmUp: number
  readonly records: number
  readonly devices: number
  readonly rounds: number
}

/** Measures both sides alternately, on the same topic. Fails unless both tables have every reading in the end. */
async function inTurn(
  kind: TableKind,
  { warmUp, records, devices, rounds }: Load,
  setup: Omit<Setup, keyof Servers>,
  run: Run,
): Promise<Record<SideName, Measured[]>> {
  const found: Record<SideName, Measured[]> = { streams: [], sluice: [] }
  for (let round = 1; round <= rounds; round += 1)
    await withServers(run.signal, async servers => {
      const env = `${kind}-${round}`
      const readings = warmUp + records
      run.say(`round ${round}  filling a topic with ${readings} readings`)
      await fill({ broker: servers.broker, env, kind, readings, devices })
      for (const name of SIDES) {
        run.signal.throwIfAborted()
        const side = await start(name, kind, env, { ...setup, ...servers })
        try {
          const measured = await measure(side, { warmUp, readings }, servers.broker, run)
          found[name].push(measured)
          run.say(
            `round ${round}  ${name.padEnd(7)} ${measured.perSecond} records/s of a core, ` +
              `${Math.round(measured.bytes / 1024 / 1024)} MiB`,
          )
        } finally {
          await side.stop()
        }
      }
    })
  return found
}

async function measure(
  side: Side,
  { warmUp, readings }: { readonly warmUp: number; readonly readings: number },
  broker: string,
  { signal }: Run,
): Promise<Measured> {
  const progress = await Progress.open(broker)
  try {
    const emptyBytes = await side.memoryBytes()
    const seen = await progress.until(side.groups[0], warmUp, signal)
    const beforeMs = (await side.processorMs()) ?? Number.NaN
    await progress.untilAll(side.groups, signal)
    const usedMs = ((await side.processorMs()) ?? Number.NaN) - beforeMs
    const bytes = (await side.memoryBytes()) - emptyBytes
    const total = await side.total()
    if (total !== readings) throw new Error(`the table has ${total} of ${readings} readings`)
    return { perSecond: Math.round(((readings - seen) * 1000) / usedMs), bytes }
  } finally {
    await progress.close()
  }
}

function start(name: SideName, kind: TableKind, env: string, setup: Setup): Promise<Side> {
  const { broker, redisUrl, handler, classPath, room } = setup
  const folder = join(room, `${env}-${name}`)
  return name === 'streams'
    ? startStreams({ classPath, broker, topic: names.topicName('readings', env), folder, kind })
    : startSluice({ handler, broker, redisUrl, env, folder, kind })
}
