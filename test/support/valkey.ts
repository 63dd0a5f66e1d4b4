import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, LOOPBACK } from '../../localstack/services/ports.ts'
import { redisAnswers } from '../../localstack/services/probes.ts'
import { type ManagedProcess, startProcess, tellingLine } from '../../localstack/services/process.ts'
import { valkeyServer } from '../../localstack/services/valkey.ts'
import { LOGS_DIR } from '../../programs/paths.ts'
import { HOPELESS_MS, until } from './until.ts'

/** A Valkey for one test: the same server as that of `npm start`, with additional settings. */
export interface Valkey {
  readonly port: number
  readonly url: string
  /** An independent client with all permissions. */
  readonly admin: Redis
  /** SIGSTOP makes it unresponsive while its connections stay open. SIGCONT lets it continue. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Kills it as a crash would, and waits until it has ended. */
  kill(): Promise<void>
  /** Starts it again with the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Start the synchronisation of a replica at once, without waiting for other replicas. */
export const COPIES_AT_ONCE = ['--repl-diskless-sync-delay', '0']

/**
 * @param settings arguments added to those of `npm start`
 * @param password the password of the user `default`, if these settings set one
 */
export function startValkey(settings: readonly string[] = [], password?: string): Promise<Valkey> {
  return onFreePorts(async () => start(await freePort(), settings, password))
}

/** Retries with other ports: a port that was free may be taken by the time the server listens. */
export async function onFreePorts<T>(start: () => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if (attempts === 1 || !/in use|Failed listening/i.test((error as Error).message)) throw error
    return onFreePorts(start, attempts - 1)
  }
}

async function start(port: number, settings: readonly string[], password?: string): Promise<Valkey> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-valkey-'))
  const context = { report: () => {}, signal: AbortSignal.timeout(HOPELESS_MS), logsDir: LOGS_DIR }
  const server = valkeyServer({ port, dataDir })
  await server.install(context)
  const url = `redis://${LOOPBACK}:${port}`
  const run = async () => {
    const { command, args, env } = await server.prepare(context)
    const logFile = join(dataDir, 'valkey.log')
    const started = await startProcess({ command, args: [...args, ...settings], env }, logFile)
    let ended = false
    void started.exited.then(() => {
      ended = true
    })
    await until('Valkey to answer or end', async () => ended || (await redisAnswers(url)))
    if (ended) throw new Error(`Valkey did not start: ${tellingLine(logFile)}`)
    return started
  }
  const removeData = () => rm(dataDir, { recursive: true, force: true })
  let running: ManagedProcess | undefined = await run().catch(async error => {
    await removeData()
    throw error
  })
  const admin = new Redis(url, { lazyConnect: true, ...(password ? { password } : {}) })
  // Commands report errors themselves.
  admin.on('error', () => {})
  return {
    port,
    url,
    admin,
    signal: signal => running?.signal(signal),
    async kill() {
      running?.signal('SIGKILL')
      await running?.exited
      running = undefined
    },
    async restart() {
      running = await run()
    },
    async stop() {
      admin.disconnect()
      // A process that is paused by SIGSTOP does not react to SIGTERM.
      running?.signal('SIGCONT')
      await running?.stop()
      await removeData()
    },
  }
}
