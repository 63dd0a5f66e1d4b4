/** Checks that Redis has enough memory for rebuilt states. */
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { StateList } from '../../../packages/runtime/adapters/redis/state-list.ts'
import type { StateKey } from '../../../packages/runtime/pipeline/model.ts'
import { OperationFailure } from '../failure.ts'

const MEBIBYTE = 1024 * 1024

/**
 * Rejects a reprocessing if Redis lacks the memory for the largest states. The check is skipped if Redis does not report a memory
 * limit.
 *
 * @param atOnce number of partitions that are rebuilt at the same time
 * @throws OperationFailure if the memory is insufficient
 */
export async function requireRoom(
  client: RedisClient,
  states: readonly StateKey[],
  atOnce: number,
): Promise<void> {
  const info = await client.run(redis => redis.info('memory')).catch(() => '')
  const [used, most] = ['used_memory', 'maxmemory'].map(name =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  ) as [number, number]
  if (most === 0) return
  const wanted = new Set(states.map(({ consumer, topic, partition }) => `${consumer} ${topic} ${partition}`))
  const sizes = (await new StateList(client).all())
    .filter(({ consumer, topic, partition }) => wanted.has(`${consumer} ${topic} ${partition}`))
    .map(({ bytes }) => bytes)
    .sort((a, b) => b - a)
  const needed = sizes.slice(0, atOnce).reduce((sum, bytes) => sum + bytes, 0)
  if (used + needed <= most) return
  const mebibytes = (bytes: number) => Math.ceil(bytes / MEBIBYTE)
  throw new OperationFailure(
    `Redis has ${mebibytes(most - used)} MiB left of ${mebibytes(most)}, and the rebuilt states of ${Math.min(atOnce, sizes.length)} partitions need ` +
      `about ${mebibytes(needed)}. Nothing was changed: increase its memory, or compute fewer partitions at once with --at-once.`,
  )
}
