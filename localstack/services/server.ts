import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PROJECT } from '../../programs/paths.ts'
import { StopRequested } from '../../programs/stop-request.ts'
import { UserError } from '../../programs/user-error.ts'
import type { ServiceState } from '../report.ts'
import type { Server } from './definition.ts'
import type { InstallContext } from './install.ts'
import { pidFile } from './orphans.ts'
import { describeExit, type Exit, type ManagedProcess, startProcess, tellingLine } from './process.ts'

export interface ServerContext extends InstallContext {
  readonly logFile: string
  /** Whether to restart a server that ends by itself. */
  readonly revive: boolean
}

/** A server that was started here. */
export interface RunningServer {
  stop(): Promise<void>
  /** Sends a signal. Resolves when the server has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Restarts it with the same data, after stopping it if it is running. */
  restart(): Promise<void>
}

const READY_WITHIN_MS = 60_000
const ASK_EVERY_MS = 50
/** A server that ran for less than this is not restarted, because it would end again. */
const WORTH_REVIVING_MS = 10_000

/** Installs and starts a server, and waits until it answers. If that fails, nothing is left running. */
export async function startServer(server: Server, context: ServerContext): Promise<RunningServer> {
  await server.install(context)
  const supervised = new SupervisedServer(server, context)
  await supervised.start(context.signal)
  return supervised
}

class SupervisedServer implements RunningServer {
  readonly #server: Server
  readonly #context: ServerContext
  /** The current process; undefined while it is stopped on purpose. */
  #current: ManagedProcess | undefined
  /** The restart in progress. The first start is not included, because its context aborts it. */
  #restarting: { readonly over: Promise<unknown>; abort(): void } | undefined

  constructor(server: Server, context: ServerContext) {
    this.#server = server
    this.#context = context
  }

  async start(signal: AbortSignal): Promise<void> {
    const { title, port } = this.#server
    const startedAtMs = Date.now()
    this.#report('starting', title)
    const started = await launchServer(this.#server, { ...this.#context, signal })
    this.#current = started
    const readyAtMs = Date.now()
    this.#report('ready', `${title} on port ${port}`, readyAtMs - startedAtMs)
    void started.exited.then(exit => this.#onExit(started, exit, readyAtMs))
  }

  stop(): Promise<void> {
    return this.#end(running => running.stop())
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#end(async running => {
      running.signal(signal)
      await running.exited
    })
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.#restart()
  }

  async #end(how: (running: ManagedProcess) => Promise<void>): Promise<void> {
    if (!this.#current && !this.#restarting) return
    const beganAtMs = Date.now()
    this.#report('stopping', this.#server.title)
    const running = this.#current ?? (await this.#abortRestart())
    this.#current = undefined
    if (running) await how(running)
    this.#report('stopped', this.#server.title, Date.now() - beganAtMs)
  }

  /** @returns the process, if it became ready at the last moment */
  async #abortRestart(): Promise<ManagedProcess | undefined> {
    this.#restarting?.abort()
    await this.#restarting?.over
    return this.#current
  }

  /** @throws StopRequested if it was stopped meanwhile */
  async #restart(): Promise<void> {
    const aborted = new AbortController()
    const start = this.start(aborted.signal)
    this.#restarting = {
      over: start.catch(() => {}),
      abort: () => aborted.abort(new StopRequested(`${this.#server.title} was stopped while it started`)),
    }
    try {
      await start
    } catch (error) {
      aborted.signal.throwIfAborted()
      throw error
    } finally {
      this.#restarting = undefined
    }
  }

  #onExit(ended: ManagedProcess, exit: Exit, readyAtMs: number): void {
    if (this.#current !== ended) return
    this.#current = undefined
    this.#report('stopped', `${this.#server.title} ${describeExit(exit)}`)
    if (!this.#context.revive || Date.now() - readyAtMs < WORTH_REVIVING_MS) return
    this.#restart().catch(error => {
      if (!(error instanceof StopRequested)) this.#report('stopped', (error as Error).message)
    })
  }

  #report(state: ServiceState, detail: string, ms = 0): void {
    this.#context.report({ service: this.#server.name, state, detail, ms })
  }
}

async function launchServer(server: Server, context: ServerContext): Promise<ManagedProcess> {
  const { signal } = context
  const launch = await server.prepare(context)
  signal.throwIfAborted()
  const started = await startProcess(launch, context.logFile)
  await writeFile(pidFile(server.dir), JSON.stringify({ pid: started.pid, startedBy: process.pid }))
  // Remove it immediately, so that a later removal does not delete the note of the next process.
  void started.exited.then(() => rmSync(pidFile(server.dir), { force: true }))
  try {
    await untilReady(server, started, context.logFile, signal)
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
  // Another program on its port may have answered.
  if (exit) throw startFailed(server, describeExit(exit), logFile)
}

function startFailed(server: Server, how: string, logFile: string): UserError {
  return new UserError(
    `${server.title} did not start: it ${how}.\n  Its log says: ${tellingLine(logFile)}\n` +
      `  Full log: ${relative(PROJECT, logFile)}`,
  )
}
