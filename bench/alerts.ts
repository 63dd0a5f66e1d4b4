import process from 'node:process'
import { stateBytes } from './alerts/memory.ts'
import { KINDS, type Kind } from './alerts/rules.ts'
import { type Side, sides } from './alerts/sides.ts'
import { aimed, type Figure } from './kit/figures.ts'
import { type Run, runBenchmark } from './kit/program.ts'

// `npm run bench:alerts`: what the decision about one reading costs for each rule, beside a straightforward threshold check, and
// what an entity takes in the store. It needs no server: states go through the process, and nothing is stored.

const MAX_MICROSECONDS = 2
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

type BenchPart = 'decision' | Kind

const PARTS: readonly BenchPart[] = ['decision', ...KINDS]

await runBenchmark({
  usage: `npm run bench:alerts -- [options]\n  --only PART     ${PARTS.join(', ')}, memory`,
  rounds: 9,
  async *measure(run) {
    for (const part of PARTS) if (run.wants(part)) yield* measureCases(part, run)
    if (run.wants('memory')) yield* memory()
  },
})

interface Measurement extends Case {
  readonly own: Side
  readonly plain: Side
  readonly costs: number[]
  readonly plainCosts: number[]
}

/** All cases and both sides take turns in every round. */
function* measureCases(part: BenchPart, run: Run): Generator<Figure> {
  const decisions = run.quick ? 100_000 : 400_000
  const measurements = CASES.map(
    (testCase): Measurement => ({
      ...testCase,
      ...sides(part, testCase.rules, testCase.entities),
      costs: [],
      plainCosts: [],
    }),
  )
  // The first round only lets the code be compiled.
  for (let round = -1; round < run.rounds; round += 1)
    for (const measurement of measurements) {
      run.signal.throwIfAborted()
      const [cost, plainCost] = computeCosts(measurement, Math.ceil(decisions / measurement.rules))
      if (round < 0) continue
      measurement.costs.push(cost)
      measurement.plainCosts.push(plainCost)
    }
  const [first] = measurements
  for (const measurement of measurements)
    yield* readFigures(part, measurement, first === measurement ? undefined : first)
}

/** Microseconds of a reading and rule. */
function computeCosts(
  { own, plain, rules }: Measurement,
  readings: number,
): readonly [own: number, plain: number] {
  const [cost = 0, plainCost = 0] = [own, plain].map(
    side => microseconds(() => side(readings)) / (readings * rules),
  )
  return [cost, plainCost]
}

/** @param least the case with one rule and one entity; undefined for itself */
function* readFigures(
  part: BenchPart,
  { name, costs, plainCosts }: Measurement,
  least: Measurement | undefined,
): Generator<Figure> {
  const what = `alerts/${part}, ${name}`
  yield aimed(`${what}, a reading and rule`, 'µs', { atMost: MAX_MICROSECONDS }, costs)
  yield { name: `${what}, a plain check`, unit: 'µs', rounds: plainCosts, worse: 'higher' }
  if (least === undefined) return
  const ratios = costs.map((cost, round) => cost / (least.costs[round] ?? Number.NaN))
  yield aimed(`${what}, against 1 and 1`, '×', { atMost: NO_MORE }, ratios)
}

/** Processor time, so that other work on the machine counts little. */
function microseconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** The same in every round, so there is only one. */
function* memory(): Generator<Figure> {
  for (const kind of KINDS)
    for (const rules of [1, 100]) {
      const name = `alerts/memory, ${rules} ${kind} rule${rules > 1 ? 's' : ''}, the state of an entity`
      yield { name, unit: 'bytes', rounds: [stateBytes(kind, rules)], worse: 'higher' }
    }
}
