import { describeExit, type Exit, type ManagedProcess } from './managed-process.ts'
import type { Report, ServiceState } from './report.ts'

/** Program that a supervisor starts and stops. */
export interface Supervised {
  readonly name: string
  /** Name and version for messages. */
  readonly title: string
  /** Starts the program, and resolves when it is ready. If the start fails, no process may be left running. */
  start(signal: AbortSignal): Promise<Ready>
}

/** A program that is ready. */
export interface Ready extends Pick<ManagedProcess, 'exited' | 'signal' | 'stop'> {
  /** Address or contents of the program, for messages. */
  readonly detail: string
}

export interface SupervisorOptions {
  readonly report?: Report
  /** Called with the reason when the program has ended unexpectedly. */
  readonly onLost?: (reason: string) => void
}

/** Starts and stops a program, and reports each change of its state. */
export class Supervisor {
  readonly #program: Supervised
  readonly #options: SupervisorOptions
  /** Current process; undefined after the program has ended. */
  #current: Ready | undefined

  constructor(program: Supervised, options: SupervisorOptions) {
    this.#program = program
    this.#options = options
  }

  async start(signal: AbortSignal): Promise<void> {
    const startedAtMs = Date.now()
    this.#report('starting', this.#program.title)
    const started = await this.#program.start(signal)
    this.#current = started
    this.#report('ready', started.detail, Date.now() - startedAtMs)
    void started.exited.then(exit => this.#onExit(started, exit))
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

  /** Restarts the program with the same data. If it is running, it is stopped first. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start(new AbortController().signal)
  }

  async #end(how: (running: Ready) => Promise<void>): Promise<void> {
    const running = this.#current
    if (!running) return
    const beganAtMs = Date.now()
    this.#report('stopping', this.#program.title)
    this.#current = undefined
    await how(running)
    this.#report('stopped', this.#program.title, Date.now() - beganAtMs)
  }

  #onExit(ended: Ready, exit: Exit): void {
    if (this.#current !== ended) return
    this.#current = undefined
    const how = `${this.#program.title} ${describeExit(exit)}`
    this.#report('stopped', how)
    this.#options.onLost?.(how)
  }

  #report(state: ServiceState, detail: string, ms = 0): void {
    this.#options.report?.({ service: this.#program.name, state, detail, ms })
  }
}
