import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { kafkaServer } from '../localstack/services/kafka.ts'
import { freePort, LOOPBACK } from '../localstack/services/ports.ts'
import { startServer } from '../localstack/services/server.ts'
import { StopRequested, stopRequest } from '../localstack/stop-request.ts'
import { Load } from './trigger/load.ts'
import { type Results, table } from './trigger/report.ts'
import { latency, memory, type Plan, rate, WARM_UP } from './trigger/runs.ts'

// `npm run bench:trigger`: a bare kafkajs consumer that calls a handler in its own process, and the trigger, which calls
// the same handler through serverless-offline, in turn and in short rounds. It has a Kafka of its own.

const USAGE = `npm run bench:trigger -- [options]
  --rounds N       rounds of each side; medians are compared (3)
  --records N      records of a round, after a warm-up of ${WARM_UP} (300000)
  --memory N       records of the run that watches the memory (1000000)
  --partitions N   partitions of every topic (6)
  --only WHAT      rate, latency or memory
  --json FILE      writes the figures of every round there`

const options = {
  rounds: { type: 'string', default: '3' },
  records: { type: 'string', default: '300000' },
  memory: { type: 'string', default: '1000000' },
  partitions: { type: 'string', default: '6' },
  only: { type: 'string', default: '' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

process.exitCode = await main().catch(error => {
  if (error instanceof StopRequested) return 130
  console.error(error instanceof Error ? error.message : error)
  return 1
})
// The channel to the bootstrap would keep this process alive.
if (process.connected) process.disconnect()

async function main(): Promise<number> {
  const { values } = parseArgs({ options })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const signal = stopRequest()
  const dir = await mkdtemp(join(tmpdir(), 'bench-trigger-kafka-'))
  const port = await freePort()
  // What waits for the server does not keep the process alive by itself.
  const alive = setInterval(() => {}, 60_000)
  const context = { report: () => {}, signal, logsDir: dir, logFile: join(dir, 'kafka.log'), revive: false }
  const server = await startServer(kafkaServer({ port, dataDir: dir }), context)
  const load = await Load.connect([`${LOOPBACK}:${port}`])
  try {
    const plan = {
      brokers: [`${LOOPBACK}:${port}`],
      load,
      partitions: Number(values.partitions),
      records: Number(values.records),
    }
    const results = await measure(plan, values, signal)
    console.log(
      `\n${availableParallelism()} processors, Node ${process.versions.node}, medians\n${table(results)}`,
    )
    if (values.json) await writeFile(values.json, `${JSON.stringify(results, undefined, 2)}\n`)
    return 0
  } finally {
    await load.close()
    await server.stop()
    clearInterval(alive)
    await rm(dir, { recursive: true, force: true })
  }
}

async function measure(
  plan: Plan,
  { rounds, memory: memoryRecords, only }: { rounds: string; memory: string; only: string },
  signal: AbortSignal,
): Promise<Results> {
  const wants = (what: string) => only === '' || only === what
  const count = wants('memory') ? Number(memoryRecords) : 0
  const results: { -readonly [K in keyof Results]: Results[K] } = {}
  if (wants('rate') || count > 0) {
    console.log('Filling a topic')
    await plan.load.topic('filled', plan.partitions)
    await plan.load.fill('filled', Math.max(count, WARM_UP + plan.records))
  }
  if (wants('rate'))
    results.rate = await inTurn(rounds, signal, 'records/s', side => rate(side, 'filled', plan))
  if (wants('latency')) {
    results.latency = await inTurn(rounds, signal, 'ms', (side, n) =>
      latency(side, `flow-${side}-${n}`, plan),
    )
  }
  signal.throwIfAborted()
  if (count > 0) results.memory = await memory('filled', count, plan)
  return results
}

/** Both sides in turn, so that what else the machine does strikes both. */
async function inTurn<T>(
  rounds: string,
  signal: AbortSignal,
  unit: string,
  run: (side: 'bare' | 'trigger', round: number) => Promise<T>,
): Promise<{ bare: T[]; trigger: T[] }> {
  const results: { bare: T[]; trigger: T[] } = { bare: [], trigger: [] }
  for (let round = 1; round <= Number(rounds); round += 1) {
    for (const side of ['bare', 'trigger'] as const) {
      signal.throwIfAborted()
      const result = await run(side, round)
      results[side].push(result)
      console.log(`round ${round}  ${side.padEnd(8)} ${JSON.stringify(result)} ${unit}`)
    }
  }
  return results
}
