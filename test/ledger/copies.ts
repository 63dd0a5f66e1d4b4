/** Copies of slots, by the server's own dumps: taken and put back in one script each, so that none is of two times. */
import type { Redis } from 'ioredis'
import type { Slot } from './count/slots.ts'

export interface Copy {
  readonly pattern: string
  /** Key and dump in turn. */
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

export async function takeCopy(redis: Redis, { consumer, topic, partition }: Slot): Promise<Copy> {
  const pattern = `{${consumer}:${topic}:${partition}}:*`
  const keysAndDumps = (await redis.callBuffer('EVAL', TAKE, 0, pattern)) as Buffer[]
  return { pattern, keysAndDumps }
}

export async function restore(redis: Redis, { pattern, keysAndDumps }: Copy): Promise<void> {
  await redis.callBuffer('EVAL', RESTORE, 0, pattern, ...keysAndDumps)
}
