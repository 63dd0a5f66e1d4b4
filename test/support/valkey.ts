import { Redis } from 'ioredis'
import { freePort, LOOPBACK } from '../../localstack/services/ports.ts'
import { startApart } from '../../localstack/services/server.ts'
import type { Supervisor } from '../../localstack/services/supervisor.ts'
import { valkeyServer } from '../../localstack/services/valkey.ts'
import { HOPELESS_MS } from './until.ts'

/** A Valkey for one test: the same server as that of `npm start`, with additional settings. */
export interface Valkey {
  readonly port: number
  readonly url: string
  /** An independent client with all permissions. */
  readonly admin: Redis
  /** Sends a signal. SIGSTOP makes the server unresponsive while its connections stay open, and SIGCONT lets it continue. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Kills the server like a crash, and waits until it has ended. */
  kill(): Promise<void>
  /** Restarts the server with the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Settings that start the synchronization of a replica immediately, without waiting for other replicas. */
export const COPIES_AT_ONCE = ['--repl-diskless-sync-delay', '0']

/**
 * Starts a Valkey.
 *
 * @param settings arguments in addition to those of `npm start`
 * @param password password of the user `default`, if these settings set one
 */
export function startValkey(settings: readonly string[] = [], password?: string): Promise<Valkey> {
  return onFreePorts(async () => start(await freePort(), settings, password))
}

/** Retries with other ports, because another program may take a free port before the server listens. */
export async function onFreePorts<T>(start: () => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if (attempts === 1 || !/in use|Failed listening/i.test((error as Error).message)) throw error
    return onFreePorts(start, attempts - 1)
  }
}

async function start(port: number, settings: readonly string[], password?: string): Promise<Valkey> {
  const { byName, stop } = await startApart(dataDir => [valkeyServer({ port, dataDir, settings })], {
    signal: AbortSignal.timeout(HOPELESS_MS),
  })
  const server = byName.get('valkey') as Supervisor
  const url = `redis://${LOOPBACK}:${port}`
  const admin = new Redis(url, { lazyConnect: true, ...(password ? { password } : {}) })
  // Commands report errors themselves.
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
