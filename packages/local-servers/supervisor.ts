import { describeExit, type Exit, type ManagedProcess } from './managed-process.ts'
import type { Report, ServiceState } from './report.ts'

/** Program that a supervisor starts and stops. */
export interface Supervised {
  readonly name: string
  /** Name and version for messages. */
  readonly title: string
  /** Starts the program, and resolves when it is ready. If the start fails, no process may be left running. */
  start(signal: AbortSignal, onWait: (work: string) => void): Promise<Ready>
}

/** A program that is ready. */
export interface Ready extends Pick<ManagedProcess, 'exited' | 'signal' | 'stop'> {
  /** Address or contents of the program, for messages. */
  readonly detail: string
}

export interface SupervisorOptions {
  readonly report?: Report
  /** True to start the program again when it has ended unexpectedly, unless it ends soon after each start. */
  readonly restarts?: boolean
  /** Called with the reason when the program has ended unexpectedly, and is not started again. */
  readonly onLost?: (reason: string) => void
}

/** Number of times in a row that a program may end soon after its start. The last one is final. */
const MAX_ENDS = 3
const SOON_MS = 60_000
const FOR_GOOD =
  '✗ It is gone for good, and is not started again. Correct the cause, which is in its log, then stop everything and start anew.'

/** Starts and stops a program, and reports each change of its state. */
export class Supervisor {
  readonly #program: Supervised
  readonly #options: SupervisorOptions
  /** Current process; undefined after the program has ended. */
  #current: Ready | undefined
  #readyAtMs = 0
  #ends = 0
  /** Start after an unexpected end; undefined if there is none. */
  #again: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined

  constructor(program: Supervised, options: SupervisorOptions) {
    this.#program = program
    this.#options = options
  }

  async start(signal: AbortSignal): Promise<void> {
    const startedAtMs = Date.now()
    const say = (detail: string) => this.#report('starting', detail, Date.now() - startedAtMs)
    say(this.#program.title)
    const onWait = (work: string) => say(`${this.#program.title} is not ready yet: ${work}`)
    const started = await this.#program.start(signal, onWait)
    this.#current = started
    this.#readyAtMs = Date.now()
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
    this.#again?.stop.abort()
    await this.#again?.ended
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
    const { restarts } = this.#options
    this.#ends = Date.now() - this.#readyAtMs < SOON_MS ? this.#ends + 1 : 1
    if (restarts && this.#ends < MAX_ENDS) this.#startAgain()
    else this.#lose(restarts ? `${how}, ${MAX_ENDS} times in a row` : how)
  }

  #lose(why: string): void {
    const { onLost = reason => this.#report('stopped', `${reason}. ${FOR_GOOD}`) } = this.#options
    onLost(why)
  }

  #startAgain(): void {
    const stop = new AbortController()
    const ended = this.start(stop.signal).catch((error: Error) => {
      if (!stop.signal.aborted) this.#lose(error.message)
    })
    this.#again = { stop, ended }
  }

  #report(state: ServiceState, detail: string, ms = 0): void {
    this.#options.report?.({ service: this.#program.name, state, detail, ms })
  }
}
