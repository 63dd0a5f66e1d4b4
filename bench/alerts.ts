import process from 'node:process'
import { sides } from './alerts/sides.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'

// `npm run bench:alerts`: what the decision about one reading costs for each rule, beside a straightforward threshold check.
// It needs no server: states go through the process, and nothing is stored.

const MOST_MICROSECONDS = 2
/** How much more a reading and rule may cost with many rules or entities than with one rule and one entity. */
const NO_MORE = 1

interface Case {
  readonly name: string
  readonly rules: number
  readonly entities: number
}

const CASES: readonly Case[] = [
  { name: '1 rule, 1 entity', rules: 1, entities: 1 },
  { name: '100 rules, 1 entity', rules: 100, entities: 1 },
  { name: '1 rule, 10,000 entities', rules: 1, entities: 10_000 },
]

await runBenchmark({
  usage: 'npm run bench:alerts -- [options]\n  --only PART     decision, process',
  rounds: 9,
  async *measure(run) {
    for (const part of ['decision', 'process'] as const) if (run.wants(part)) yield* measured(part, run)
  },
})

/** All cases and both sides take turns in every round. */
function* measured(part: 'decision' | 'process', run: Run): Generator<Figure> {
  const readings = run.quick ? 100_000 : 400_000
  const measurements = CASES.map(one => {
    const { own, plain } = sides(part, one.rules, one.entities)
    return { ...one, own, plain, costs: [] as number[], plainCosts: [] as number[] }
  })
  for (let round = -1; round < run.rounds; round += 1)
    for (const one of measurements) {
      run.signal.throwIfAborted()
      const count = Math.ceil(readings / one.rules)
      const [cost, plainCost] = [one.own, one.plain].map(
        side => microseconds(() => side(count)) / (count * one.rules),
      )
      if (round < 0 || cost === undefined || plainCost === undefined) continue
      one.costs.push(cost)
      one.plainCosts.push(plainCost)
    }
  const [first] = measurements
  for (const { name, costs, plainCosts } of measurements) {
    const what = `alerts/${part}, ${name}`
    yield aimed(`${what}, a reading and rule`, 'µs', { atMost: MOST_MICROSECONDS }, costs)
    yield { name: `${what}, a plain check`, unit: 'µs', rounds: plainCosts, worse: 'higher' }
    if (costs === first?.costs) continue
    const ratios = costs.map((cost, round) => cost / (first?.costs[round] ?? Number.NaN))
    yield aimed(`${what}, against 1 and 1`, '×', { atMost: NO_MORE }, ratios)
  }
}

/** Processor time, so that other work on the machine counts little. */
function microseconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
