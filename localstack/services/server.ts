import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { LocalCloudError } from '../failure.ts'
import { PROJECT } from '../paths.ts'
import type { ServiceState } from '../report.ts'
import { StopRequested } from '../stop-request.ts'
import type { Server } from './definition.ts'
import type { InstallContext } from './install.ts'
import { pidFile } from './orphans.ts'
import { describeExit, type Exit, type ManagedProcess, startProcess, tellingLine } from './process.ts'

export interface ServerContext extends InstallContext {
  readonly logFile: string
  /** Whether a server that ends by itself is started again. */
  readonly revive: boolean
}

/** A server that was started here. */
export interface RunningServer {
  stop(): Promise<void>
  /** Sends a signal and resolves when the server has ended by it. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again on the same data, after ending it where it still runs. */
  restart(): Promise<void>
}

const READY_WITHIN_MS = 60_000
const ASK_EVERY_MS = 50
/** A server that lived shorter than this is not started again: it would only end again. */
const WORTH_REVIVING_MS = 10_000

/** Installs, starts, and waits until the server answers; nothing of it is left where that fails. */
export async function startServer(server: Server, context: ServerContext): Promise<RunningServer> {
  await server.install(context)
  const supervised = new SupervisedServer(server, context)
  await supervised.start(context.signal)
  return supervised
}

class SupervisedServer implements RunningServer {
  readonly #server: Server
  readonly #context: ServerContext
  /** The process that is meant to run now; none while it is ended on purpose. */
  #current: ManagedProcess | undefined
  /** The start that is under way, except the first: that one is called off by its context. */
  #startingAgain: { readonly over: Promise<unknown>; callOff(): void } | undefined

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
    await this.#startAgain()
  }

  async #end(how: (running: ManagedProcess) => Promise<void>): Promise<void> {
    if (!this.#current && !this.#startingAgain) return
    const beganAtMs = Date.now()
    this.#report('stopping', this.#server.title)
    const running = this.#current ?? (await this.#callOffStart())
    this.#current = undefined
    if (running) await how(running)
    this.#report('stopped', this.#server.title, Date.now() - beganAtMs)
  }

  /** @returns the process, where it came up all the same at the last moment */
  async #callOffStart(): Promise<ManagedProcess | undefined> {
    this.#startingAgain?.callOff()
    await this.#startingAgain?.over
    return this.#current
  }

  /** @throws StopRequested where it was ended meanwhile */
  async #startAgain(): Promise<void> {
    const calledOff = new AbortController()
    const start = this.start(calledOff.signal)
    this.#startingAgain = {
      over: start.catch(() => {}),
      callOff: () => calledOff.abort(new StopRequested(`${this.#server.title} was stopped while it started`)),
    }
    try {
      await start
    } catch (error) {
      calledOff.signal.throwIfAborted()
      throw error
    } finally {
      this.#startingAgain = undefined
    }
  }

  #onExit(ended: ManagedProcess, exit: Exit, readyAtMs: number): void {
    if (this.#current !== ended) return
    this.#current = undefined
    this.#report('stopped', `${this.#server.title} ${describeExit(exit)}`)
    if (!this.#context.revive || Date.now() - readyAtMs < WORTH_REVIVING_MS) return
    this.#startAgain().catch(error => {
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
  // At once, lest it takes away the note of the next one.
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
  const giveUpAtMs = Date.now() + READY_WITHIN_MS
  let exit: Exit | undefined
  const ended = started.exited.then(how => {
    exit = how
  })
  while (!(await server.answers())) {
    if (exit) throw didNotComeUp(server, describeExit(exit), logFile)
    if (Date.now() > giveUpAtMs) {
      throw didNotComeUp(server, `did not answer within ${READY_WITHIN_MS / 1000} s`, logFile)
    }
    await Promise.race([ended, pause(ASK_EVERY_MS, undefined, { signal })])
  }
  // Something else on its port may have answered.
  if (exit) throw didNotComeUp(server, describeExit(exit), logFile)
}

function didNotComeUp(server: Server, how: string, logFile: string): LocalCloudError {
  return new LocalCloudError(
    `${server.title} did not come up: it ${how}.\n  Its log says: ${tellingLine(logFile)}\n` +
      `  All of it: ${relative(PROJECT, logFile)}`,
  )
}
