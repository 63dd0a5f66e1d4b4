import { Redis } from 'ioredis'
import { freePort, LOOPBACK } from '#local-servers/ports.ts'
import { startApart } from '#local-servers/start-server.ts'
import type { Supervisor } from '#local-servers/supervisor.ts'
import { valkeyServer } from '#local-servers/valkey.ts'
import { LOCAL } from '../../scripts/paths.ts'
import { HOPELESS_MS } from './until.ts'

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
export function startValkey(settings: readonly string[] = [], password?: string): Promise<Valkey> {
  return onFreePorts(async () => start(await freePort(), settings, password))
}

/** Starts a server, and retries with other ports if that fails: another program may use a free port before the server listens. */
export async function onFreePorts<T>(start: () => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if (attempts === 1 || !/in use|Failed listening/i.test((error as Error).message)) throw error
    return onFreePorts(start, attempts - 1)
  }
}

async function start(port: number, settings: readonly string[], password?: string): Promise<Valkey> {
  const { byName, stop } = await startApart(
    dataDir => [valkeyServer({ port, dataDir, cacheDir: LOCAL, settings })],
    {
      signal: AbortSignal.timeout(HOPELESS_MS),
    },
  )
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
