import { Redis } from 'ioredis'
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
  const roundTrips: number[] = []
  const pinged = new Redis(redisUrl)
  try {
    // The first round compiles the code and does not count.
    for (let round = 0; round <= run.rounds; round += 1) {
      const roundTrip = await measureRoundTrip(pinged)
      if (round > 0) roundTrips.push(roundTrip)
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
    pinged.disconnect()
    await Promise.all(sides.map(side => side.close()))
  }
  const own = costs.get('handler') as number[]
  const ratios = (others: readonly number[]) => others.map((cost, round) => cost / (own[round] as number))
  yield { name: 'pipeline/round trip to Redis', unit: 'µs', rounds: roundTrips }
  for (const [name, rounds] of costs) {
    yield { name: `pipeline/${name}, a record`, unit: 'µs', rounds, worse: 'higher' }
    if (name !== 'handler')
      yield { name: `pipeline/handler against ${name}`, unit: '×', rounds: ratios(rounds), worse: 'lower' }
  }
  for (const { name, waits, atLeast } of WAITING) {
    const waited = roundTrips.map(roundTrip => waits * roundTrip)
    yield aimed(`pipeline/handler against the round trips of ${name}`, '×', { atLeast }, ratios(waited))
  }
}

/**
 * Sides that wait for Redis in each record, with their number of round trips. Beside them, the ratio of the costs depends on the round trip
 * of the machine, so the goals are about the time that they only wait.
 */
const WAITING = [
  { name: 'powertools', waits: 2, atLeast: 2 },
  { name: 'set-nx', waits: 1, atLeast: 1 },
] as const satisfies readonly { name: Side['name']; waits: number; atLeast: number }[]

const PINGS = 2_000

/** Returns the time of a command that does nothing, in microseconds. */
async function measureRoundTrip(redis: Redis): Promise<number> {
  const beganAtMs = performance.now()
  for (let n = 0; n < PINGS; n += 1) await redis.ping()
  return ((performance.now() - beganAtMs) * 1000) / PINGS
}

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
