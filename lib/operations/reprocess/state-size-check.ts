/** Checks the sizes of the states before a reprocessing. */
import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import { StateList } from '#runtime/adapters/redis/state-list.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'
import { STATE_BYTES } from '#runtime/pipeline/reprocessing/index.ts'
import { OperationFailure } from '../operation-failure.ts'
import { formatStateKey } from '../state-keys.ts'

const MEBIBYTE = 1024 * 1024

/**
 * Rejects a reprocessing of states that are too large for the memory of the command, and one for which Redis lacks the memory: while a
 * state is replaced, Redis contains it twice. The second check is skipped if Redis does not report a memory limit.
 *
 * @throws OperationFailure if the memory is insufficient
 */
export async function requireRoom(client: RedisClient, states: readonly StateKey[]): Promise<void> {
  const wanted = new Set(states.map(formatStateKey))
  const found = (await new StateList(client).all()).filter(state => wanted.has(formatStateKey(state)))
  const [largest] = found.sort((a, b) => b.bytes - a.bytes)
  if (!largest) return
  const mebibytes = (bytes: number) => Math.ceil(bytes / MEBIBYTE)
  if (largest.bytes > STATE_BYTES)
    throw new OperationFailure(
      `${formatStateKey(largest)} has ${mebibytes(largest.bytes)} MiB, and a state is computed in memory, up to ${mebibytes(STATE_BYTES)} MiB. Nothing was ` +
        'changed: go to a topic with more partitions (docs/kafka.md), or erase entities that are no longer needed.',
    )
  const info = await client.run(redis => redis.info('memory')).catch(() => '')
  const [used, most] = ['used_memory', 'maxmemory'].map(name =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  ) as [number, number]
  if (most === 0 || used + largest.bytes <= most) return
  throw new OperationFailure(
    `Redis has ${mebibytes(most - used)} MiB left of ${mebibytes(most)}, and the largest rebuilt state needs about ${mebibytes(largest.bytes)}. ` +
      'Nothing was changed: increase its memory.',
  )
}
