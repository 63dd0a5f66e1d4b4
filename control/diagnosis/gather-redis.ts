/** Gathers facts about Redis. */

import type { RedisClient } from '#runtime/operating/redis'
import { findRefusedCommands, StateList } from '#runtime/operating/states'
import type { ConsumerFacts, RedisFacts, RedisServer } from './facts.ts'
import { observe } from './observe.ts'

type RedisPlace = Pick<RedisFacts, 'address' | 'encrypted' | 'mode'>

/** Returns the facts about Redis. Never throws: if a query fails, its fact is `unseen`. */
export async function gatherRedisFacts(
  client: RedisClient,
  place: RedisPlace,
  consumers: readonly Pick<ConsumerFacts, 'function' | 'topic'>[],
): Promise<RedisFacts> {
  const states = consumers.map(({ function: consumer, topic }) => ({ consumer, topic, partition: 0 }))
  const servers = await observe(() => readServers(client))
  const refused = 'unseen' in servers ? servers : await observe(() => findRefusedCommands(client, states))
  const rebuilds = 'unseen' in servers ? servers : await observe(() => new StateList(client).rebuilds())
  return { ...place, servers, refused, rebuilds }
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
