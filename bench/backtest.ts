import process from 'node:process'
import { loadRules } from '../lib/alerting/rules-directory.ts'
import { runRows } from '../lib/operations/backtest/history-rows.ts'
import { consumerOf, PartitionRun } from '../lib/operations/backtest/partition-run.ts'
import { RuleLog } from '../lib/operations/rule-log/rule-log.ts'
import { pastReadings } from './backtest/objects.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { runBenchmark } from './kit/program.ts'

// `npm run bench:backtest`: how many readings of the history `sluice rules backtest` evaluates in a second of a core, beside the
// in-memory pipeline with which the console tries rules. The readings are simulated, and encoded as the archiver does. The rules are
// those that ship.

const AT_LEAST = 200_000
const EVERYTHING = {
  fromOffset: 0,
  toOffset: Number.MAX_SAFE_INTEGER,
  fromMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
}
const SETTINGS = { env: 'bench', idWindowMs: 3_600_000, futureToleranceMs: 300_000 }

await runBenchmark({
  usage: 'npm run bench:backtest -- [options]',
  rounds: 7,
  async *measure(run) {
    const rules = await loadRules('config/rules')
    const { objects, arrivals } = await pastReadings(run.quick ? 100_000 : 400_000)
    const few = arrivals.slice(0, 10_000)
    const [rates, ratios]: [number[], number[]] = [[], []]
    // The first round only lets the code be compiled.
    for (let round = -1; round < run.rounds; round += 1) {
      run.signal.throwIfAborted()
      const consumer = consumerOf(rules, SETTINGS)
      let alerts = 0
      const partition = new PartitionRun(consumer, () => {
        alerts += 1
      })
      const seconds = await processorSeconds(async () => {
        for (const bytes of objects) await runRows(bytes, EVERYTHING, [partition], consumer)
      })
      if (partition.counts.readings !== arrivals.length || alerts === 0)
        throw new Error('readings or alerts are missing')
      const log = new RuleLog({ startMs: few[0]?.arrivedMs ?? 0 })
      await log.activate(0, rules)
      const slow = await processorSeconds(() => log.replay(few, run.signal))
      if (round < 0) continue
      rates.push(arrivals.length / seconds)
      ratios.push(arrivals.length / seconds / (few.length / slow))
    }
    const figures: Figure[] = [
      aimed('backtest/readings of the history in a second of a core', '/s', { atLeast: AT_LEAST }, rates),
      { name: 'backtest/against the in-memory pipeline', unit: '×', rounds: ratios, worse: 'lower' },
    ]
    yield* figures
  },
})

/** Processor time, so that other work on the machine counts little. */
async function processorSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
