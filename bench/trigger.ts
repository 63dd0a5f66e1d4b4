import { type Run, runBenchmark } from './kit/program.ts'
import { kafkaOnly } from './kit/servers.ts'
import { Load } from './trigger/load.ts'
import { figuresOf, type Results } from './trigger/report.ts'
import { latency, memory, type Plan, rate, WARM_UP } from './trigger/runs.ts'

// `npm run bench:trigger`: compares the trigger, which calls a handler through serverless-offline, with a bare kafkajs
// consumer that calls the same handler in its own process, alternately and in short rounds. It starts its own Kafka.

const PARTITIONS = 6

await runBenchmark({
  usage: `npm run bench:trigger -- [options]
  --only PART     rate, latency or memory`,
  rounds: 3,
  async *measure(run) {
    yield* figuresOf(
      await kafkaOnly(run.signal, async broker => {
        const load = await Load.connect([broker])
        const records = run.quick ? 100_000 : 300_000
        try {
          return await measure({ brokers: [broker], load, partitions: PARTITIONS, records }, run)
        } finally {
          await load.close()
        }
      }),
    )
  },
})

async function measure(plan: Plan, run: Run): Promise<Results> {
  const count = run.wants('memory') ? (run.quick ? 400_000 : 1_000_000) : 0
  const results: { -readonly [K in keyof Results]: Results[K] } = {}
  if (run.wants('rate') || count > 0) {
    run.say('filling a topic')
    await plan.load.topic('filled', plan.partitions)
    await plan.load.fill('filled', Math.max(count, WARM_UP + plan.records))
  }
  if (run.wants('rate')) results.rate = await inTurn(run, 'records/s', side => rate(side, 'filled', plan))
  if (run.wants('latency'))
    results.latency = await inTurn(run, 'ms', (side, n) => latency(side, `flow-${side}-${n}`, plan))
  run.signal.throwIfAborted()
  if (count > 0) {
    results.memory = await memory('filled', count, plan)
    run.say(`resident MiB at every 100,000 records: ${results.memory.join(' ')}`)
  }
  return results
}

/** Measures both sides alternately, so that other load on the machine affects both. */
async function inTurn<T>(
  { rounds, signal, say }: Run,
  unit: string,
  measureOne: (side: 'bare' | 'trigger', round: number) => Promise<T>,
): Promise<{ bare: T[]; trigger: T[] }> {
  const results: { bare: T[]; trigger: T[] } = { bare: [], trigger: [] }
  for (let round = 1; round <= rounds; round += 1) {
    for (const side of ['bare', 'trigger'] as const) {
      signal.throwIfAborted()
      const result = await measureOne(side, round)
      results[side].push(result)
      say(`round ${round}  ${side.padEnd(8)} ${JSON.stringify(result)} ${unit}`)
    }
  }
  return results
}
