/** The memory that Redis uses after a run, and its upper bound. */
import type { Redis } from 'ioredis'

export interface RedisUse {
  /** Memory used now, and the peak since the server started. */
  readonly bytes: number
  readonly peakBytes: number
  readonly boundBytes: number
}

/** An empty server with its buffers and compiled scripts. */
const EMPTY_BYTES = 8 * 1024 * 1024
/** Per remembered id, as documented; measurements are in `docs/performance.md`. */
const ID_BYTES = 64
/** Per failure that may be redriven. */
const FAILURE_BYTES = 512
/** Per entity for state and timers, in addition to its name, which is stored several times. */
const ENTITY_BYTES = 4 * 1024
const NAMES = 4

export async function redisUse(redis: Redis): Promise<RedisUse> {
  const info = await redis.info('memory')
  const figure = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1])
  const [used, peak] = [figure('used_memory'), figure('used_memory_peak')]
  return { bytes: used, peakBytes: peak, boundBytes: await bound(redis) }
}

/** The upper bound, computed from the numbers of applied records, failures, and entities with their names. */
async function bound(redis: Redis): Promise<number> {
  let bytes = EMPTY_BYTES
  for (const key of await redis.keys('*:meta'))
    for (const [how, count] of Object.entries(await redis.hgetall(key))) {
      if (how.startsWith('applied/')) bytes += Number(count) * ID_BYTES
      if (how.startsWith('failed/')) bytes += Number(count) * FAILURE_BYTES
    }
  for (const key of await redis.keys('*:states'))
    for (const entity of await redis.hkeys(key)) bytes += ENTITY_BYTES + NAMES * Buffer.byteLength(entity)
  return bytes
}
