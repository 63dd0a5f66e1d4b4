import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { Batches } from './batches.ts'
import { createStateKey, fillState } from './fill.ts'
import { createHandler } from './handler.ts'

const RECORDS = 500
const CHUNKS = 20
const BYTES_AN_ID = 64
/** How much more a record may cost in the largest partition state than in the smallest; above 1 to allow for noise. */
const FLAT = 1.5

/** Measures whether the cost of a record depends on the size of its partition state, and the Redis memory per remembered id. */
export async function* size({ redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const redis = new RedisClient({ url: redisUrl })
  const sizes = run.quick ? [1_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000]
  try {
    const stateKeys = []
    for (const [index, count] of sizes.entries())
      for (const what of ['entities', 'ids'] as const) {
        run.signal.throwIfAborted()
        run.say(`filling a partition state with ${count.toLocaleString('en')} ${what}`)
        const before = await usedMemory(redis)
        const stateKey = createStateKey(20 + 2 * index + (what === 'ids' ? 1 : 0))
        const past = { entities: 100, ids: 100, [what]: count }
        const { nextOffset } = await fillState(new RedisStateStore(redis), stateKey, past)
        const bytes = ((await usedMemory(redis)) - before) / count
        stateKeys.push({
          count,
          what,
          bytes,
          batches: new Batches(stateKey.partition, past.entities, nextOffset),
        })
      }
    const last = stateKeys.at(-1)
    if (last)
      yield aimed(`pipeline/Redis memory an id, ${short(last.count)} ids`, 'bytes', { atMost: BYTES_AN_ID }, [
        last.bytes,
      ])

    const handler = createHandler({ redis })
    const costs = new Map(stateKeys.map(({ batches }) => [batches, [] as number[]]))
    for (let round = 0; round <= run.rounds; round += 1)
      for (const { count, what, batches } of stateKeys) {
        run.signal.throwIfAborted()
        const events = Array.from({ length: CHUNKS }, () => batches.next(RECORDS))
        const beganAtMs = performance.now()
        for (const event of events) await handler(event)
        const cost = ((performance.now() - beganAtMs) * 1000) / (CHUNKS * RECORDS)
        if (round > 0) costs.get(batches)?.push(cost)
        run.say(`round ${round}  ${count} ${what}  ${cost.toFixed(1)} µs`)
      }
    for (const { count, what, batches } of stateKeys)
      yield {
        name: `pipeline/a record beside ${short(count)} ${what}`,
        unit: 'µs',
        rounds: costs.get(batches) ?? [],
        worse: 'higher',
      }
    for (const what of ['entities', 'ids'] as const) {
      const own = stateKeys
        .filter(stateKey => stateKey.what === what)
        .map(({ batches }) => costs.get(batches) ?? [])
      const [least = [], most = []] = [own.at(0), own.at(-1)]
      const ratios = most.map((cost, round) => cost / (least[round] as number))
      const name = `pipeline/${short(sizes.at(-1) ?? 0)} ${what} against ${short(sizes[0] ?? 0)}`
      yield aimed(name, '×', { atMost: FLAT }, ratios)
    }
  } finally {
    redis.close()
  }
}

function short(count: number): string {
  return `10^${Math.round(Math.log10(count))}`
}

export async function usedMemory(redis: RedisClient): Promise<number> {
  const info = await redis.run(commands => commands.info('memory'))
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1])
}
