import { startApart } from '@sluice/test-kit/start-apart'
import { kafkaServers } from '#local-servers/kafka'
import { LOOPBACK } from '#local-servers/ports'
import { valkeyServer } from '#local-servers/valkey'
import { LOCAL } from '../../scripts/paths.ts'

/** The servers of one benchmark: started for it on free ports, with data that is deleted afterwards. */
export interface Servers {
  readonly broker: string
  readonly redisUrl: string
}

/** Starts Kafka and Valkey as `npm start` does, with the same durability, and stops them when `use` has ended. */
export async function withServers<T>(signal: AbortSignal, use: (servers: Servers) => Promise<T>): Promise<T> {
  const serversOn = ([kafka = 0, valkey = 0]: readonly number[], dataDir: string) => [
    ...kafkaServers({ ports: [kafka], dataDir, cacheDir: LOCAL }),
    valkeyServer({ port: valkey, dataDir, cacheDir: LOCAL }),
  ]
  const { ports, stop } = await startApart(2, serversOn, { signal })
  const [kafka, valkey] = ports
  try {
    return await use({ broker: `${LOOPBACK}:${kafka}`, redisUrl: `redis://${LOOPBACK}:${valkey}` })
  } finally {
    await stop()
  }
}
