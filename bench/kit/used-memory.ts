import type { RedisClient } from '#runtime/operating/redis'

/** Returns the memory that Valkey uses, in bytes. */
export async function usedMemory(redis: RedisClient): Promise<number> {
  const info = await redis.run(commands => commands.info('memory'))
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1])
}
