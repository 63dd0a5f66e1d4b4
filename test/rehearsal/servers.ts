/** The servers of a rehearsal: Kafka, Valkey and the emulator, each its own, on loopback and in a temporary folder. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkaServers } from '#local-servers/kafka.ts'
import { freePorts, LOOPBACK } from '#local-servers/ports.ts'
import type { Report } from '#local-servers/report.ts'
import { startApart } from '#local-servers/start-server.ts'
import { valkeyServer } from '#local-servers/valkey.ts'
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
  const [kafkaPort = 0, valkeyPort = 0, awsPort = 0] = await freePorts(3)
  const brokers = [`${LOOPBACK}:${kafkaPort}`]
  const serversIn = (folder: string) => [
    ...kafkaServers({ ports: [kafkaPort], dataDir: folder, cacheDir: LOCAL }),
    valkeyServer({ port: valkeyPort, dataDir: folder, cacheDir: LOCAL }),
    emulatorServer({ port: awsPort, dir: join(folder, 'aws'), brokers: brokers.join(',') }),
  ]
  const { stop } = await startApart(serversIn, { report, signal, logsDir: REHEARSAL_LOGS })
  const awsEndpoint = `http://${LOOPBACK}:${awsPort}`
  return { brokers, redisUrl: `redis://${LOOPBACK}:${valkeyPort}`, awsEndpoint, stop }
}
