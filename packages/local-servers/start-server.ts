import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureInstalled, type InstallContext } from './install.ts'
import { describeExit, type Exit, type ManagedProcess, startProcess, tellingLine } from './managed-process.ts'
import type { Server } from './server-definition.ts'
import { Supervisor } from './supervisor.ts'
import { UserError } from './user-error.ts'

/** Options of a start. */
export interface StartContext extends InstallContext {
  /** Folder for the servers' logs. */
  readonly logsDir: string
  /** True to start a server again that has ended unexpectedly, unless it is volatile. */
  readonly restarts?: boolean
}

/** A server that this process started. */
export type RunningServer = Pick<Supervisor, 'stop' | 'kill' | 'restart'>

const READY_WITHIN_MS = 60_000
const ASK_EVERY_MS = 50

/** Installs and starts a server, and waits until it responds. If it fails to start, it is stopped. */
export async function startServer(server: Server, context: StartContext): Promise<Supervisor> {
  const { report = () => {}, logsDir } = context
  const restarts = context.restarts === true && !server.isVolatile
  if (server.package) await ensureInstalled(server.package, context)
  const { name, title, port } = server
  const start = async (signal: AbortSignal) => {
    const started = await launchServer(server, { logsDir, signal })
    return { ...started, detail: `${title} on port ${port}` }
  }
  const supervisor = new Supervisor({ name, title, start }, { report, restarts })
  await supervisor.start(context.signal)
  return supervisor
}

/** Servers that were started together. */
export interface RunningServers<One extends RunningServer = RunningServer> {
  readonly byName: ReadonlyMap<string, One>
  stop(): Promise<void>
}

/** Starts servers concurrently. If one of them fails to start, all others are stopped and the first error is thrown. */
export async function startTogether(
  servers: readonly Server[],
  context: StartContext,
): Promise<RunningServers<Supervisor>> {
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

/** Starts servers with a temporary folder, which is removed when they stop. By default, the folder also contains their logs. */
export async function startApart(
  servers: (folder: string) => readonly Server[] | Promise<readonly Server[]>,
  context: InstallContext & Partial<StartContext>,
): Promise<RunningServers<Supervisor>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-servers-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const running = await startTogether(await servers(folder), { logsDir: folder, ...context })
    return { ...running, stop: () => running.stop().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

async function launchServer(server: Server, context: Omit<StartContext, 'report'>): Promise<ManagedProcess> {
  const { signal } = context
  const logFile = join(context.logsDir, `${server.name}.log`)
  const launch = await server.prepare(context)
  signal.throwIfAborted()
  const started = await startProcess(launch, logFile)
  try {
    await untilReady(server, started, logFile, signal)
    return started
  } catch (error) {
    await started.stop()
    throw error
  }
}

async function untilReady(server: Server, started: ManagedProcess, logFile: string, signal: AbortSignal) {
  const deadlineMs = Date.now() + READY_WITHIN_MS
  let exit: Exit | undefined
  const ended = started.exited.then(how => {
    exit = how
  })
  while (!(await server.answers())) {
    if (exit) throw startFailed(server, describeExit(exit), logFile)
    if (Date.now() > deadlineMs) {
      throw startFailed(server, `did not answer within ${READY_WITHIN_MS / 1000} s`, logFile)
    }
    await Promise.race([ended, pause(ASK_EVERY_MS, undefined, { signal })])
  }
  // The response may be from another program that listens on this port.
  if (exit) throw startFailed(server, describeExit(exit), logFile)
}

function startFailed(server: Server, how: string, logFile: string): UserError {
  return new UserError(
    `${server.title} did not start: it ${how}.\n  Its log says: ${tellingLine(logFile)}\n` +
      `  Full log: ${relative(process.cwd(), logFile)}`,
  )
}
