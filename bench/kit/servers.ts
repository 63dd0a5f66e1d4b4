import { kafkaServer } from '#local-servers/kafka.ts'
import { freePort, freePorts, LOOPBACK } from '#local-servers/ports.ts'
import type { Server } from '#local-servers/server-definition.ts'
import { startApart } from '#local-servers/start-server.ts'
import { valkeyServer } from '#local-servers/valkey.ts'
import { LOCAL } from '../../scripts/paths.ts'

/** The servers of one benchmark: started for it on free ports, with data that is deleted afterwards. */
export interface Servers {
  readonly broker: string
  readonly redisUrl: string
}

/** Starts Kafka and Valkey as `npm start` does, with the same durability, and stops them when `use` has ended. */
export async function withServers<T>(signal: AbortSignal, use: (servers: Servers) => Promise<T>): Promise<T> {
  const [kafka = 0, redis = 0] = await freePorts(2)
  const servers = { broker: `${LOOPBACK}:${kafka}`, redisUrl: `redis://${LOOPBACK}:${redis}` }
  const serversIn = (dataDir: string) => [
    kafkaServer({ port: kafka, dataDir, cacheDir: LOCAL }),
    valkeyServer({ port: redis, dataDir, cacheDir: LOCAL }),
  ]
  return whileRunning(serversIn, signal, () => use(servers))
}

/** Runs as `withServers` does, but with Kafka only. */
export async function kafkaOnly<T>(signal: AbortSignal, use: (broker: string) => Promise<T>): Promise<T> {
  const port = await freePort()
  return whileRunning(
    dataDir => [kafkaServer({ port, dataDir, cacheDir: LOCAL })],
    signal,
    () => use(`${LOOPBACK}:${port}`),
  )
}

async function whileRunning<T>(
  serversIn: (dataDir: string) => readonly Server[],
  signal: AbortSignal,
  use: () => Promise<T>,
): Promise<T> {
  const running = await startApart(serversIn, { signal })
  try {
    return await use()
  } finally {
    await running.stop()
  }
}
