import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureInstalled, type InstallContext } from './install.ts'
import { startReady } from './managed-process.ts'
import type { Server } from './server-definition.ts'
import { type Supervised, Supervisor } from './supervisor.ts'

/** Options of a start. */
export interface StartContext extends InstallContext {
  /** Folder for the servers' logs. */
  readonly logsDir: string
  /** True to start a server again that has ended unexpectedly, unless it is volatile. */
  readonly restarts?: boolean
}

const ASK_EVERY_MS = 50

/** Installs and starts a server, and waits until it responds. If it fails to start, it is stopped. */
async function startServer(server: Server, context: StartContext): Promise<Supervisor> {
  const { report = () => {}, logsDir } = context
  const restarts = context.restarts === true && !server.isVolatile
  if (server.package) await ensureInstalled(server.package, context)
  const { name, title, port } = server
  const start: Supervised['start'] = async (signal, onWait) => {
    const launch = await server.prepare({ logsDir, report, signal })
    const untilReady = (over: AbortSignal) => untilAnswers(server, over)
    const program = { title, launch, logFile: join(logsDir, `${name}.log`), untilReady, onWait }
    return { ...(await startReady(program, signal)), detail: `${title} on port ${port}` }
  }
  const supervisor = new Supervisor({ name, title, start }, { report, restarts })
  await supervisor.start(context.signal)
  return supervisor
}

/** Servers that were started together. */
export interface RunningServers {
  readonly byName: ReadonlyMap<string, Supervisor>
  stop(): Promise<void>
}

/** Starts servers concurrently. If one of them fails to start, all others are stopped and the first error is thrown. */
export async function startTogether(
  servers: readonly Server[],
  context: StartContext,
): Promise<RunningServers> {
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const byName = new Map<string, Supervisor>()
  const stop = async () => {
    await Promise.all([...byName.values()].map(server => server.stop()))
  }
  const starts = servers.map(async server => {
    try {
      byName.set(server.name, await startServer(server, { ...context, signal }))
    } catch (error) {
      // The first failure aborts the other starts, and its reason is thrown.
      failed.abort(error)
    }
  })
  await Promise.all(starts)
  if (!signal.aborted) return { byName, stop }
  await stop()
  throw signal.reason
}

async function untilAnswers(server: Server, signal: AbortSignal): Promise<undefined> {
  while (!(await server.answers())) await pause(ASK_EVERY_MS, undefined, { signal })
}
