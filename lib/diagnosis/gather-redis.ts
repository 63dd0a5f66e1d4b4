/** Gathers facts about Redis. The permission to write is tested with commands that have no effect. */
import type { RedisClient } from '#runtime/adapters/redis/client.ts'
import type { RedisFacts, RedisServer } from './facts.ts'
import type { Observed } from './finding.ts'
import { observe } from './observe.ts'

type RedisPlace = Pick<RedisFacts, 'address' | 'encrypted' | 'mode'>

/** Returns the facts about Redis. Never throws: if a query fails, its fact is `unseen`. */
export async function gatherRedisFacts(client: RedisClient, place: RedisPlace): Promise<RedisFacts> {
  const servers = await observe(() => readServers(client))
  const refused = 'unseen' in servers ? servers : await observe(() => findRefusedCommands(client))
  return { ...place, servers, refused }
}

/**
 * Returns the servers that accept writes.
 *
 * @throws Unavailable if Redis does not answer
 */
async function readServers(client: RedisClient): Promise<RedisServer[]> {
  const servers = await client.servers()
  const answers: RedisServer[] = []
  for (const server of servers)
    answers.push({
      address: server.address,
      info: await observe(async () => parseInfo(await server.run(redis => redis.info()))),
    })
  return answers
}

/** Parses the response of INFO, which consists of `name:value` lines in sections. */
function parseInfo(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).flatMap(line => {
    const [, name, value] = /^(\w+):(.*)$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(lines)
}

/** Redis key that no consumer uses. */
const NO_KEY = '{sluice-doctor}:none'
const SCRIPT = "return redis.call('HGET', KEYS[1], 'none')"

/** One command of each kind that functions use. The commands have no effect, because their key does not exist. */
const PROBES: readonly (readonly [command: string, ...args: string[]])[] = [
  ['HGETALL', NO_KEY],
  ['HDEL', NO_KEY, 'none'],
  ['ZRANGE', NO_KEY, '0', '0'],
  ['ZREM', NO_KEY, 'none'],
  ['GET', NO_KEY],
  ['UNLINK', NO_KEY],
  ['COPY', NO_KEY, '{sluice-doctor}:none-either'],
  ['EVAL', SCRIPT, '1', NO_KEY],
]

const REFUSED = /NOPERM|READONLY|unknown command/i

/**
 * Tries the commands, and returns the server's error message for each command that it rejects.
 *
 * @throws Unavailable if Redis does not answer
 */
async function findRefusedCommands(client: RedisClient): Promise<string[]> {
  const refused: string[] = []
  for (const [command, ...args] of PROBES) {
    const tried = await observe(() => client.run(redis => redis.call(command, ...args)))
    if ('seen' in tried) continue
    if (!REFUSED.test(tried.unseen)) throw new Error(tried.unseen)
    refused.push(getServerError(tried))
  }
  return refused
}

function getServerError({ unseen }: Extract<Observed<unknown>, { unseen: string }>): string {
  return /(NOPERM|READONLY|ERR unknown command).*/i.exec(unseen)?.[0] ?? unseen
}
