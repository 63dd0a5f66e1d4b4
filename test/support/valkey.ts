import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { LOGS_DIR } from '../../localstack/paths.ts'
import { freePort, LOOPBACK } from '../../localstack/services/ports.ts'
import { redisAnswers } from '../../localstack/services/probes.ts'
import { type ManagedProcess, startProcess, tellingLine } from '../../localstack/services/process.ts'
import { valkeyServer } from '../../localstack/services/valkey.ts'
import { until } from './until.ts'

/** A Valkey of one test's own: the one that `npm start` starts, with settings added. */
export interface Valkey {
  readonly port: number
  readonly url: string
  /** A foreign client of it, as somebody who may do everything. */
  readonly admin: Redis
  /** SIGSTOP makes it silent, with its connections open; SIGCONT lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Ends it as a crash does, and waits until it has ended. */
  kill(): Promise<void>
  /** Starts it again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A replica need not wait for others that might want the same copy. */
export const COPIES_AT_ONCE = ['--repl-diskless-sync-delay', '0']

/**
 * @param settings added to those of `npm start`, as on the command line
 * @param password of the user `default`, where these settings give it one
 */
export function startValkey(settings: readonly string[] = [], password?: string): Promise<Valkey> {
  return onFreePorts(async () => start(await freePort(), settings, password))
}

/** A port that was free may be taken by the time it is listened on: then others are tried. */
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
  const context = { report: () => {}, signal: AbortSignal.timeout(60_000), logsDir: LOGS_DIR }
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
    if (ended) throw new Error(`Valkey did not come up: ${tellingLine(logFile)}`)
    return started
  }
  const removeData = () => rm(dataDir, { recursive: true, force: true })
  let running: ManagedProcess | undefined = await run().catch(async error => {
    await removeData()
    throw error
  })
  const admin = new Redis(url, { lazyConnect: true, ...(password ? { password } : {}) })
  // What it is asked fails by itself.
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
      // One that was stopped by a signal hears of no other.
      running?.signal('SIGCONT')
      await running?.stop()
      await removeData()
    },
  }
}
