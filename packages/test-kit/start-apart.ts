import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePorts,
  kafkaServers,
  LOOPBACK,
  type RunningServers,
  type Server,
  type StartContext,
  type Supervisor,
  startTogether,
} from './local-servers.ts'
import { PROJECT } from './program.ts'

/** Folder of the installed servers. */
export const CACHE = process.env.LOCAL_SERVERS_CACHE ?? join(PROJECT, '.local')

/**
 * Starts servers for one test or benchmark, on free ports and in a temporary folder, which is removed when they stop. By default,
 * the folder also contains their logs.
 */
export function startApart(
  count: number,
  serversOn: (ports: readonly number[], folder: string) => readonly Server[] | Promise<readonly Server[]>,
  context: Partial<StartContext> = {},
): Promise<RunningServers & { readonly ports: readonly number[] }> {
  return onFreePorts(async () => {
    const ports = await freePorts(count)
    const folder = await mkdtemp(join(tmpdir(), 'sluice-servers-'))
    const remove = () => rm(folder, { recursive: true, force: true })
    try {
      const servers = await serversOn(ports, folder)
      const { signal } = new AbortController()
      const running = await startTogether(servers, { logsDir: folder, signal, ...context })
      return { ...running, ports, stop: () => running.stop().finally(remove) }
    } catch (error) {
      await remove()
      throw error
    }
  })
}

/** Starts something, and retries if another program has taken a free port before the server listens. */
export async function onFreePorts<T>(start: () => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if (attempts === 1 || !/in use|Failed listening/i.test((error as Error).message)) throw error
    return onFreePorts(start, attempts - 1)
  }
}

/** A Kafka cluster of its own, whose brokers can be killed and paused. */
export interface OwnKafka {
  readonly addresses: readonly string[]
  readonly brokers: readonly Supervisor[]
  stop(): Promise<void>
}

/** Starts a Kafka cluster for one test or benchmark, as `startApart` does. */
export async function startKafka(count = 1, context?: Partial<StartContext>): Promise<OwnKafka> {
  const { ports, byName, stop } = await startApart(
    count,
    (ports, dataDir) => kafkaServers({ ports, dataDir, cacheDir: CACHE }),
    context,
  )
  return { addresses: ports.map(port => `${LOOPBACK}:${port}`), brokers: [...byName.values()], stop }
}
