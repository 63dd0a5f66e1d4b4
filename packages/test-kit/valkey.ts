import { Redis } from 'ioredis'
import { LOOPBACK, type Supervisor, valkeyServer } from './local-servers.ts'
import { CACHE, startApart } from './start-apart.ts'

/** Valkey server for one test. It is the server that `npm start` uses, with additional settings. */
export interface Valkey {
  readonly port: number
  readonly url: string
  /** An independent client with all permissions. */
  readonly admin: Redis
  /** Sends a signal. After SIGSTOP, the server does not respond, but its connections stay open. After SIGCONT, it continues. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Kills the server, as in a crash, and waits until it has ended. */
  kill(): Promise<void>
  /** Restarts the server with the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Settings that start the synchronization of a replica immediately, without waiting for other replicas. */
export const COPIES_AT_ONCE = ['--repl-diskless-sync-delay', '0']

/**
 * Starts a Valkey server.
 *
 * @param settings arguments in addition to the arguments of `npm start`
 * @param password password of the user `default`, if `settings` contains one
 */
export async function startValkey(settings: readonly string[] = [], password?: string): Promise<Valkey> {
  const { ports, byName, stop } = await startApart(1, ([port = 0], dataDir) => [
    valkeyServer({ port, dataDir, cacheDir: CACHE, settings }),
  ])
  const [port = 0] = ports
  const server = byName.get('valkey') as Supervisor
  const url = `redis://${LOOPBACK}:${port}`
  const admin = new Redis(url, { lazyConnect: true, ...(password ? { password } : {}) })
  // Ignore the error, because the commands report it.
  admin.on('error', () => {})
  return {
    port,
    url,
    admin,
    signal: signal => server.signal(signal),
    kill: () => server.kill('SIGKILL'),
    restart: () => server.restart(),
    async stop() {
      admin.disconnect()
      // A process that is paused by SIGSTOP does not react to SIGTERM.
      server.signal('SIGCONT')
      await stop()
    },
  }
}
