import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaServer } from '../../../../localstack/services/kafka.ts'
import { freePort, LOOPBACK } from '../../../../localstack/services/ports.ts'
import { type RunningServer, startServer } from '../../../../localstack/services/server.ts'

/** A broker that belongs to one test file, which may kill it. */
export interface OwnBroker extends Pick<RunningServer, 'kill' | 'restart'> {
  readonly address: string
  /** Stops it and deletes its records. */
  remove(): Promise<void>
}

/** Starts a broker on a free port, with a temporary folder. */
export async function startOwnBroker(): Promise<OwnBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'msk-trigger-broker-'))
  const port = await freePort()
  const broker = await startServer(kafkaServer({ port, dataDir: folder }), {
    report: () => {},
    signal: new AbortController().signal,
    logsDir: folder,
    logFile: join(folder, 'kafka.log'),
    revive: false,
  })
  return {
    address: `${LOOPBACK}:${port}`,
    kill: signal => broker.kill(signal),
    restart: () => broker.restart(),
    remove: async () => {
      await broker.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
