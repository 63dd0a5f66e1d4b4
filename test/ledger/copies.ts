/** Copies of partition states, made with DUMP and RESTORE. Each copy is taken and restored in one script, so it is consistent. */
import type { Redis } from 'ioredis'
import type { StateKey } from './count/partition-states.ts'

export interface Copy {
  readonly pattern: string
  /** Keys and dumps alternately. */
  readonly keysAndDumps: readonly Buffer[]
}

const TAKE = `
local copy = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  copy[#copy + 1] = key
  copy[#copy + 1] = redis.call('DUMP', key)
end
return copy`

const RESTORE = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  redis.call('DEL', key)
end
for at = 2, #ARGV, 2 do
  redis.call('RESTORE', ARGV[at], 0, ARGV[at + 1])
end`

export async function takeCopy(redis: Redis, { consumer, topic, partition }: StateKey): Promise<Copy> {
  const pattern = `{${consumer}:${topic}:${partition}}:*`
  const keysAndDumps = (await redis.callBuffer('EVAL', TAKE, 0, pattern)) as Buffer[]
  return { pattern, keysAndDumps }
}

export async function restore(redis: Redis, { pattern, keysAndDumps }: Copy): Promise<void> {
  await redis.callBuffer('EVAL', RESTORE, 0, pattern, ...keysAndDumps)
}
