import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { Batches } from './batches.ts'
import { type Side, sidesOn } from './sides.ts'

const RECORDS = 500
const ENTITIES = 100

/** Measures the cost of a record on each side in microseconds, and its ratio to the cost of the handler in each round. */
export async function* compared({ redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const sides = await sidesOn(redisUrl)
  const batches = new Map(sides.map((side, partition) => [side.name, new Batches(partition, ENTITIES)]))
  const costs = new Map<Side['name'], number[]>(sides.map(({ name }) => [name, []]))
  try {
    // The first round compiles the code and does not count.
    for (let round = 0; round <= run.rounds; round += 1) {
      for (const side of sides) {
        run.signal.throwIfAborted()
        const cost = await computeCost(side, batches.get(side.name) as Batches, run.quick)
        if (round > 0) costs.get(side.name)?.push(cost)
        run.say(
          `${round === 0 ? 'warm-up' : `round ${round}`}  ${side.name.padEnd(20)} ${cost.toFixed(1)} µs`,
        )
      }
    }
  } finally {
    await Promise.all(sides.map(side => side.close()))
  }
  const own = costs.get('handler') as number[]
  for (const [name, rounds] of costs)
    yield { name: `pipeline/${name}, a record`, unit: 'µs', rounds, worse: 'higher' }
  for (const [name, atLeast] of GOALS) {
    const ratios = (costs.get(name) as number[]).map((cost, round) => cost / (own[round] as number))
    yield aimed(`pipeline/handler against ${name}`, '×', { atLeast }, ratios)
  }
}

const GOALS = [
  ['powertools', 10],
  ['powertools-unordered', 1.3],
  ['set-nx', 4],
] as const

/** Processes one batch at a time, as a function does. Making the batches is not measured. */
async function computeCost(side: Side, batches: Batches, quick: boolean): Promise<number> {
  const count = quick ? Math.ceil(side.batches / 4) : side.batches
  let tookMs = 0
  for (let batch = 0; batch < count; batch += 1) {
    const event = batches.next(RECORDS)
    const beganAtMs = performance.now()
    await side.run(event)
    tookMs += performance.now() - beganAtMs
  }
  return (tookMs * 1000) / (count * RECORDS)
}
