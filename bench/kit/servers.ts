import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaServer } from '../../localstack/services/kafka.ts'
import { freePort, LOOPBACK } from '../../localstack/services/ports.ts'
import { startServer } from '../../localstack/services/server.ts'
import { valkeyServer } from '../../localstack/services/valkey.ts'

/** The servers of one benchmark: its own, on free ports, with data that is gone afterwards. */
export interface Servers {
  readonly broker: string
  readonly redisUrl: string
}

/** Starts a Kafka and a Valkey as `npm start` does, with the same durability, for as long as `use` takes. */
export async function withServers<T>(
  signal: AbortSignal,
  use: (servers: Servers) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-servers-'))
  // What waits for a server does not keep the process alive by itself.
  const alive = setInterval(() => {}, 60_000)
  const [kafkaPort, redisPort] = [await freePort(), await freePort()]
  const wanted = [kafkaServer({ port: kafkaPort, dataDir }), valkeyServer({ port: redisPort, dataDir })]
  const started = await Promise.allSettled(
    wanted.map(server => {
      const logFile = join(dataDir, `${server.name}.log`)
      return startServer(server, { report: () => {}, signal, logsDir: dataDir, logFile, revive: false })
    }),
  )
  const running = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason
    return await use({
      broker: `${LOOPBACK}:${kafkaPort}`,
      redisUrl: `redis://${LOOPBACK}:${redisPort}`,
    })
  } finally {
    await Promise.all(running.map(server => server.stop()))
    clearInterval(alive)
    await rm(dataDir, { recursive: true, force: true })
  }
}
