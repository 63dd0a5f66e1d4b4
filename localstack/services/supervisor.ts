import { StopRequested } from '../../programs/stop-request.ts'
import type { Report, ReportedName, ServiceState } from '../report.ts'
import { describeExit, type Exit, type ManagedProcess } from './process.ts'

/** Program that a supervisor starts and keeps running. */
export interface Supervised {
  readonly name: ReportedName
  /** Name and version for messages. */
  readonly title: string
  /** Starts the program, and resolves when it is ready. If the start fails, no process may be left running. */
  start(signal: AbortSignal): Promise<Ready>
  /** Creates what the program needs and may have lost. Called after each restart. */
  restore?(): Promise<void>
}

/** A program that is ready. */
export interface Ready extends Pick<ManagedProcess, 'exited' | 'signal' | 'stop'> {
  /** Address or contents of the program, for messages. */
  readonly detail: string
}

export interface SupervisorOptions {
  readonly report?: Report
  /** True to restart the program when it ends unexpectedly. */
  readonly revive?: boolean
  /** Called with the reason when the program has ended unexpectedly and is not restarted. */
  readonly onLost?: (reason: string) => void
}

/**
 * Minimum running time of a program, in milliseconds, after which it is restarted. A program that ends earlier would probably end
 * again.
 */
const WORTH_REVIVING_MS = 10_000

/** Starts, stops and restarts a program, and reports each change of its state. */
export class Supervisor {
  readonly #program: Supervised
  readonly #options: SupervisorOptions
  /** Current process; undefined after the program was stopped intentionally. */
  #current: Ready | undefined
  /** Restart in progress. The first start is not included, because the caller aborts it. */
  #restarting: { readonly over: Promise<unknown>; abort(): void } | undefined

  constructor(program: Supervised, options: SupervisorOptions) {
    this.#program = program
    this.#options = options
  }

  async start(signal: AbortSignal): Promise<void> {
    const startedAtMs = Date.now()
    this.#report('starting', this.#program.title)
    const started = await this.#program.start(signal)
    this.#current = started
    const readyAtMs = Date.now()
    this.#report('ready', started.detail, readyAtMs - startedAtMs)
    void started.exited.then(exit => this.#onExit(started, exit, readyAtMs))
  }

  stop(): Promise<void> {
    return this.#end(running => running.stop())
  }

  /** Sends a signal that ends the program. Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#end(async running => {
      running.signal(signal)
      await running.exited
    })
  }

  /** Sends a signal that does not end the program, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void {
    this.#current?.signal(signal)
  }

  /** Restarts the program with the same data, and restores what it does not keep. If it is running, it is stopped first. */
  async restart(): Promise<void> {
    await this.stop()
    await this.#restart()
  }

  async #end(how: (running: Ready) => Promise<void>): Promise<void> {
    if (!this.#current && !this.#restarting) return
    const beganAtMs = Date.now()
    this.#report('stopping', this.#program.title)
    const running = this.#current ?? (await this.#abortRestart())
    this.#current = undefined
    if (running) await how(running)
    this.#report('stopped', this.#program.title, Date.now() - beganAtMs)
  }

  /** Aborts a restart in progress. @returns the process, if it became ready at the last moment */
  async #abortRestart(): Promise<Ready | undefined> {
    this.#restarting?.abort()
    await this.#restarting?.over
    return this.#current
  }

  /** Restarts the program. @throws StopRequested if the program was stopped in the meantime */
  async #restart(): Promise<void> {
    const aborted = new AbortController()
    const start = this.start(aborted.signal)
    this.#restarting = {
      over: start.catch(() => {}),
      abort: () => aborted.abort(new StopRequested(`${this.#program.title} was stopped while it started`)),
    }
    try {
      await start
    } catch (error) {
      aborted.signal.throwIfAborted()
      throw error
    } finally {
      this.#restarting = undefined
    }
    const restarted = this.#current
    await this.#program.restore?.().catch(error => {
      // If the program has ended meanwhile, its end is reported.
      if (this.#current === restarted) throw error
    })
  }

  #onExit(ended: Ready, exit: Exit, readyAtMs: number): void {
    if (this.#current !== ended) return
    this.#current = undefined
    const { revive, onLost } = this.#options
    const how = `${this.#program.title} ${describeExit(exit)}`
    this.#report('stopped', how)
    if (!revive || Date.now() - readyAtMs < WORTH_REVIVING_MS) {
      onLost?.(how)
      return
    }
    this.#restart().catch(error => {
      if (error instanceof StopRequested) return
      const { message } = error as Error
      if (onLost) onLost(message)
      else this.#report('stopped', message)
    })
  }

  #report(state: ServiceState, detail: string, ms = 0): void {
    this.#options.report?.({ service: this.#program.name, state, detail, ms })
  }
}
