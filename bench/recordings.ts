import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { recordedLine } from '../lib/queries/recorded-line.ts'
import { GENERATOR_DEFAULTS } from '../lib/telemetry/simulator/settings.ts'
import { simulate } from '../lib/telemetry/simulator.ts'
import { createTopics } from '../localstack/topics.ts'
import { producedRecord } from '../packages/runtime/cloudevents/writer.ts'
import type { Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'
import { kafkaOnly } from './kit/servers.ts'

// `npm run bench:recordings`: replays a gzip recording of simulated readings into Kafka and records it again, each in a process of
// its own, and compares the most memory that each had with that for a tenth of the records: it must not grow with them.

const RECORDS = 1_000_000
const SENSORS = GENERATOR_DEFAULTS.fleet.length

/** Enough for the difference between two runs of the same work. */
const MAX_GROWTH_MIB = 64

await runBenchmark({
  usage: 'npm run bench:recordings -- [options]',
  async *measure(run) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-recordings-'))
    try {
      yield* await kafkaOnly(run.signal, broker => measured(folder, broker, run))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

async function measured(folder: string, broker: string, run: Run): Promise<Figure[]> {
  const counts = run.quick ? [5_000, 50_000] : [RECORDS / 10, RECORDS]
  const peaks = { replay: [] as number[], record: [] as number[] }
  const figures: Figure[] = []
  for (const count of counts) {
    const env = `bench${count}`
    await createTopics({ brokers: [broker], env })
    const file = join(folder, `${count}.jsonl.gz`)
    await pipeline(Readable.from(lines(count)), createGzip({ level: 1 }), createWriteStream(file))
    const commands = {
      replay: ['replay', file, '--speed', 'max', '--env', env],
      record: [
        'record',
        '--topic',
        'readings',
        '--out',
        join(folder, `again${count}.jsonl.gz`),
        '--env',
        env,
      ],
    }
    for (const name of ['replay', 'record'] as const) {
      const { peakMib, seconds } = await command(commands[name], broker, run)
      run.say(
        `${name}  ${count} records: ${peakMib.toFixed(0)} MiB at most, ${(count / seconds).toFixed(0)}/s`,
      )
      peaks[name].push(peakMib)
      const rate = { unit: 'records/s', rounds: [count / seconds], worse: 'lower' } as const
      figures.push(
        { name: `recordings/${name}, memory for ${count}`, unit: 'MiB', rounds: [peakMib], worse: 'higher' },
        { name: `recordings/${name}, rate for ${count}`, ...rate },
      )
    }
  }
  for (const [name, [small = 0, large = 0]] of Object.entries(peaks))
    figures.push({
      name: `recordings/${name}, more for ten times the records`,
      unit: 'MiB',
      rounds: [large - small],
      goal: { atMost: MAX_GROWTH_MIB },
      worse: 'higher',
    })
  return figures
}

function* lines(count: number): Generator<string> {
  const fromTick = Date.parse('2026-01-01T00:00:00Z') / 5_000
  let index = 0
  for (const { key, event } of simulate(
    GENERATOR_DEFAULTS,
    fromTick,
    fromTick + Math.ceil(count / SENSORS),
  )) {
    if (index >= count) return
    const record = producedRecord('sluice.telemetry.readings.bench', key, event)
    yield `${recordedLine({ ...record, partition: 0, offset: index++, timestampMs: Date.parse(event.time ?? '') })}\n`
  }
}

/** Rejects if the command fails, or does not say how much memory it had. */
async function command(args: readonly string[], broker: string, { signal }: Run) {
  const script = join(import.meta.dirname, 'recordings', 'command.ts')
  const environment = { ...process.env, KAFKA_BROKERS: broker }
  const startedMs = performance.now()
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], { env: environment, signal })
  let said = ''
  child.stderr.on('data', piece => {
    said = `${said}${piece}`.slice(-10_000)
  })
  child.stdout.resume()
  const [code] = await once(child, 'close')
  const [, peak] = /^peak (\d+) KiB$/m.exec(said) ?? []
  if (code !== 0 || peak === undefined) throw new Error(`sluice ${args[0]} failed:\n${said}`)
  return { peakMib: Number(peak) / 1024, seconds: (performance.now() - startedMs) / 1_000 }
}
