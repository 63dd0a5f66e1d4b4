/** The servers of a rehearsal: Kafka, Valkey and the emulator, each its own, on loopback and in a temporary folder. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startApart } from '@sluice/test-kit/start-apart'
import { kafkaServers } from '#local-servers/kafka'
import { LOOPBACK } from '#local-servers/ports'
import type { Report } from '#local-servers/report'
import { valkeyServer } from '#local-servers/valkey'
import { LOCAL, LOGS_DIR } from '../../scripts/paths.ts'
import { emulatorServer } from './emulator/server.ts'

export interface Servers {
  readonly brokers: readonly string[]
  readonly redisUrl: string
  /** The address of the emulator. */
  readonly awsEndpoint: string
  stop(): Promise<void>
}

/** Logs, kept until the next rehearsal: that of the emulator has the functions' output. */
export const REHEARSAL_LOGS = join(LOGS_DIR, 'rehearsal')

/** Either all become ready, or nothing is left running. */
export async function startServers(report: Report, signal: AbortSignal): Promise<Servers> {
  await rm(REHEARSAL_LOGS, { recursive: true, force: true })
  const serversOn = ([kafka = 0, valkey = 0, aws = 0]: readonly number[], folder: string) => [
    ...kafkaServers({ ports: [kafka], dataDir: folder, cacheDir: LOCAL }),
    valkeyServer({ port: valkey, dataDir: folder, cacheDir: LOCAL }),
    emulatorServer({ port: aws, dir: join(folder, 'aws'), brokers: `${LOOPBACK}:${kafka}` }),
  ]
  const { ports, stop } = await startApart(3, serversOn, { report, signal, logsDir: REHEARSAL_LOGS })
  const [kafka, valkey, aws] = ports.map(port => `${LOOPBACK}:${port}`)
  return { brokers: [`${kafka}`], redisUrl: `redis://${valkey}`, awsEndpoint: `http://${aws}`, stop }
}
