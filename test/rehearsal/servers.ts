/** The servers of a rehearsal: Kafka, Valkey and the emulator, each its own, on loopback and in a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report } from '../../localstack/report.ts'
import { kafkaServers } from '../../localstack/services/kafka.ts'
import { freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { type RunningServer, startServer } from '../../localstack/services/server.ts'
import { valkeyServer } from '../../localstack/services/valkey.ts'
import { LOGS_DIR } from '../../programs/paths.ts'
import { emulatorServer } from './emulator/server.ts'

export interface Servers {
  readonly brokers: readonly string[]
  readonly redisUrl: string
  /** The address of the emulator. */
  readonly awsEndpoint: string
  stop(): Promise<void>
}

/** Their logs stay, until the next rehearsal: that of the emulator has what the functions log. */
export const REHEARSAL_LOGS = join(LOGS_DIR, 'rehearsal')

/** Either all become ready, or nothing is left running. */
export async function startServers(report: Report, signal: AbortSignal): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-rehearsal-'))
  const running: RunningServer[] = []
  const stop = async () => {
    await Promise.all(running.splice(0).map(server => server.stop()))
    await rm(folder, { recursive: true, force: true })
  }
  await rm(REHEARSAL_LOGS, { recursive: true, force: true })
  const [kafkaPort = 0, valkeyPort = 0, awsPort = 0] = await freePorts(3)
  const brokers = [`${LOOPBACK}:${kafkaPort}`]
  const servers = [
    ...kafkaServers({ ports: [kafkaPort], dataDir: folder }),
    valkeyServer({ port: valkeyPort, dataDir: folder }),
    emulatorServer({ port: awsPort, dir: join(folder, 'aws'), brokers: brokers.join(',') }),
  ]
  const starts = servers.map(async server => {
    const logFile = join(REHEARSAL_LOGS, `${server.name}.log`)
    const context = { report, signal, logsDir: REHEARSAL_LOGS, logFile, revive: false }
    running.push(await startServer(server, context))
  })
  const failed = (await Promise.allSettled(starts)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') {
    await stop()
    throw failed.reason
  }
  const awsEndpoint = `http://${LOOPBACK}:${awsPort}`
  return { brokers, redisUrl: `redis://${LOOPBACK}:${valkeyPort}`, awsEndpoint, stop }
}
