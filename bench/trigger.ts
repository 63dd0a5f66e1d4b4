import { type Run, runBenchmark } from './kit/program.ts'
import { withServers } from './kit/servers.ts'
import { Load } from './trigger/load.ts'
import { otherTriggers } from './trigger/other-triggers.ts'
import { type BySide, listFigures, type Results } from './trigger/report.ts'
import { latency, memory, type Plan, rate, WARM_UP } from './trigger/runs.ts'
import { bare, type Side, trigger } from './trigger/sides.ts'

// `npm run bench:trigger`: compares the trigger with a bare kafkajs consumer that calls the same handler in its own process, and
// with the other open triggers for serverless-offline that can be installed. The sides take turns, in short rounds. It starts its
// own Kafka.

const PARTITIONS = 6

await runBenchmark({
  usage: `npm run bench:trigger -- [options]
  --only PART     rate, latency, others (both of them, also for other triggers, which are downloaded) or memory`,
  rounds: 5,
  async *measure(run) {
    const others = run.wants('others') ? await otherTriggers(run.signal, run.say) : []
    const sides = [bare, trigger, ...others]
    yield* listFigures(
      await withServers(run.signal, async ({ broker }) => {
        const load = await Load.connect([broker])
        const records = run.quick ? 100_000 : 300_000
        try {
          return await measure({ brokers: [broker], load, partitions: PARTITIONS, records }, sides, run)
        } finally {
          await load.close()
        }
      }),
    )
  },
})

async function measure(plan: Plan, sides: readonly Side[], run: Run): Promise<Results> {
  const wants = (part: string) => run.wants(part) || run.wants('others')
  const count = run.wants('memory') ? (run.quick ? 400_000 : 1_000_000) : 0
  const results: { -readonly [K in keyof Results]: Results[K] } = {}
  if (wants('rate') || count > 0) {
    run.say('filling a topic')
    await plan.load.topic('filled', plan.partitions)
    await plan.load.fill('filled', Math.max(count, WARM_UP + plan.records))
  }
  if (wants('rate')) results.rate = await inTurn(run, sides, 'records/s', side => rate(side, 'filled', plan))
  if (wants('latency'))
    results.latency = await inTurn(run, sides, 'ms', (side, n) =>
      latency(side, `flow-${side.name}-${n}`, plan),
    )
  run.signal.throwIfAborted()
  if (count > 0) {
    results.memory = await memory('filled', count, plan)
    run.say(`resident MiB at every 100,000 records: ${results.memory.join(' ')}`)
  }
  return results
}

/** Measures all sides alternately, so that other load on the machine affects them alike. */
async function inTurn<T>(
  { rounds, signal, say }: Run,
  sides: readonly Side[],
  unit: string,
  measureOne: (side: Side, round: number) => Promise<T>,
): Promise<BySide<T>> {
  const results = new Map<string, T[]>(sides.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const side of sides) {
      signal.throwIfAborted()
      const result = await orNothing(side, measureOne(side, round), say)
      if (result === undefined) continue
      results.get(side.name)?.push(result)
      say(`round ${round}  ${side.name.padEnd(8)} ${JSON.stringify(result)} ${unit}`)
    }
  }
  return results
}

/** Another trigger that does not manage what is asked of it must not end the comparison. */
async function orNothing<T>(
  side: Side,
  result: Promise<T>,
  say: (line: string) => void,
): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (side === bare || side === trigger) throw error
    say(`${side.name}: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}
