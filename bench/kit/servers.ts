import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from '../../localstack/services/definition.ts'
import { kafkaServer } from '../../localstack/services/kafka.ts'
import { freePort, freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { startServer } from '../../localstack/services/server.ts'
import { valkeyServer } from '../../localstack/services/valkey.ts'

/** The servers of one benchmark: its own, on free ports, with data that is gone afterwards. */
export interface Servers {
  readonly broker: string
  readonly redisUrl: string
}

/** Starts a Kafka and a Valkey as `npm start` does, with the same durability, for as long as `use` takes. */
export async function withServers<T>(signal: AbortSignal, use: (servers: Servers) => Promise<T>): Promise<T> {
  const [kafka = 0, redis = 0] = await freePorts(2)
  const servers = { broker: `${LOOPBACK}:${kafka}`, redisUrl: `redis://${LOOPBACK}:${redis}` }
  const wanted = (dataDir: string) => [
    kafkaServer({ port: kafka, dataDir }),
    valkeyServer({ port: redis, dataDir }),
  ]
  return whileRunning(wanted, signal, () => use(servers))
}

/** The same with a Kafka alone. */
export async function kafkaOnly<T>(signal: AbortSignal, use: (broker: string) => Promise<T>): Promise<T> {
  const port = await freePort()
  return whileRunning(
    dataDir => [kafkaServer({ port, dataDir })],
    signal,
    () => use(`${LOOPBACK}:${port}`),
  )
}

async function whileRunning<T>(
  wanted: (dataDir: string) => readonly Server[],
  signal: AbortSignal,
  use: () => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-servers-'))
  const started = await Promise.allSettled(
    wanted(dataDir).map(server => {
      const logFile = join(dataDir, `${server.name}.log`)
      return startServer(server, { report: () => {}, signal, logsDir: dataDir, logFile, revive: false })
    }),
  )
  const running = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason
    return await use()
  } finally {
    await Promise.all(running.map(server => server.stop()))
    await rm(dataDir, { recursive: true, force: true })
  }
}
