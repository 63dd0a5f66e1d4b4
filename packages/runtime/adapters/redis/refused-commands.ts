/** Finds out which commands of the functions a user may not run. */
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { RedisClient } from './client.ts'
import { buildPrefix } from './keys.ts'
import { script } from './scripts.ts'

/** Asks Redis, from 7.0 on, whether the user may run the commands that would create a key. */
const ASK = script(`for _, name in ipairs(redis.acl_check_cmd and {'HSET', 'HINCRBY'} or {}) do
  if not redis.acl_check_cmd(name, KEYS[1], 'none', '0') then
    return redis.error_reply("NOPERM the user has no permissions to run '" .. name .. "' on a key")
  end
end`)

/** Commands of the functions and their scripts. They have no effect on a key that does not exist. */
const PROBES = [
  ...['HDEL KEY none', 'HGET KEY none', 'HGETALL KEY', 'HKEYS KEY', 'HLEN KEY', 'HMGET KEY none', 'GET KEY'],
  ...['ZADD KEY XX 0 none', 'ZCARD KEY', 'ZRANGE KEY 0 0', 'ZRANGEBYSCORE KEY 0 0', 'ZREM KEY none'],
  ...['SET KEY none XX', 'UNLINK KEY', 'TIME', `EVALSHA ${ASK.sha1} 1 KEY`],
].map(command => command.split(' '))
PROBES.push(['EVAL', ASK.lua, '1', 'KEY'])

const REFUSED = /^(NOPERM|READONLY|ERR unknown command)/i

/**
 * Tries all commands on a key of the first state, and one on a key of each other state. Returns the server's error messages.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function findRefusedCommands(
  client: RedisClient,
  states: readonly StateKey[],
): Promise<string[]> {
  const refused = new Set<string>()
  for (const [index, state] of states.entries()) {
    const key = `${buildPrefix(state)}:doctor`
    for (const probe of PROBES.slice(0, index === 0 ? undefined : 1)) {
      const [command = '', ...args] = probe.map(word => (word === 'KEY' ? key : word))
      try {
        await client.run(redis => redis.call(command, ...args))
      } catch (error) {
        const { message = '' } = ((error as Error).cause ?? {}) as Partial<Error>
        if (REFUSED.test(message)) refused.add(/\bkeys?\b/.test(message) ? `${message} (${key})` : message)
        else if (!message.startsWith('NOSCRIPT')) throw error
      }
    }
  }
  return [...refused]
}
