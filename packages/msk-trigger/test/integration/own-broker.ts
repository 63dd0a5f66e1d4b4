import { LOCAL } from '../../../../scripts/paths.ts'
import { kafkaServer } from '../../../local-servers/kafka.ts'
import { freePort, LOOPBACK } from '../../../local-servers/ports.ts'
import { type RunningServer, startApart } from '../../../local-servers/start-server.ts'

/** A broker that belongs to one test file, which may kill it. */
export interface OwnBroker extends Pick<RunningServer, 'kill' | 'restart'> {
  readonly address: string
  /** Stops it and deletes its records. */
  remove(): Promise<void>
}

/** Starts a broker on a free port, with a temporary folder. */
export async function startOwnBroker(): Promise<OwnBroker> {
  const port = await freePort()
  const { byName, stop } = await startApart(
    folder => [kafkaServer({ port, dataDir: folder, cacheDir: LOCAL })],
    {
      signal: new AbortController().signal,
    },
  )
  const broker = byName.get('kafka') as RunningServer
  return {
    address: `${LOOPBACK}:${port}`,
    kill: signal => broker.kill(signal),
    restart: () => broker.restart(),
    remove: stop,
  }
}
