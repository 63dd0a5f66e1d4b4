/** The functions under `serverless offline` or `sluice run`: several processes that share the partitions, and that can be killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../../localstack/msk-trigger/faults/faults.ts'
import { injectFault } from '../../localstack/msk-trigger/faults/inject-fault.ts'
import { freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { PROJECT, Program } from '../support/program.ts'

const READY = /(?:^msk {2}|"message":")ready: (\d+) of \1 event sources have joined their groups/m
const SERVICE = join(PROJECT, 'test', 'ledger', 'service')

/** What runs the functions. */
export const RUNNERS = ['offline', 'run'] as const
export type Runner = (typeof RUNNERS)[number]

export class Worker {
  readonly #variables: Readonly<Record<string, string>>
  readonly #runner: Runner
  #program: Program | undefined
  #folder = ''
  #lambdaPort = 0
  /** The output of earlier processes of this worker. */
  #said = ''

  constructor(variables: Readonly<Record<string, string>>, runner: Runner) {
    this.#variables = variables
    this.#runner = runner
  }

  get output(): string {
    return this.#said + (this.#program?.output ?? '')
  }

  /** Starts the worker, and waits until it consumes. */
  async start(): Promise<void> {
    // A new socket for each process, because a killed process leaves its socket file behind.
    this.#folder = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
    const [http = 0, lambda = 0, websocket = 0] = await freePorts(3)
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    this.#lambdaPort = lambda
    const options = { cwd: SERVICE, env: { ...this.#variables, LEDGER_FAULTS: this.#socket } }
    this.#program =
      this.#runner === 'run'
        ? new Program('./run.ts', [`${lambda}`], options)
        : new Program('serverless', ['offline', ...ports], options)
    await this.#program.says(READY)
  }

  /** Kills it, whatever it is doing. */
  async kill(): Promise<void> {
    if (!this.#program) return
    this.#program.signal('SIGKILL')
    await this.#program.ended
    this.#said = this.output
    this.#program = undefined
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** SIGSTOP pauses it with its connections open. SIGCONT lets it continue. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.signal(signal)
  }

  /** Injects a fault into the trigger. */
  inject(fault: Fault): Promise<void> {
    return injectFault(this.#socket, fault)
  }

  /** Invokes a function directly. Resolves when the invocation has ended, even if it failed. */
  async invoke(name: string, event: object): Promise<void> {
    const url = `http://${LOOPBACK}:${this.#lambdaPort}/2015-03-31/functions/ledger-local-${name}/invocations`
    // The worker may be killed meanwhile.
    await fetch(url, { method: 'POST', body: JSON.stringify(event) }).catch(() => {})
  }

  /** A path in the temporary folder of the present process. */
  file(name: string): string {
    return join(this.#folder, name)
  }

  get #socket(): string {
    return this.file('faults.sock')
  }
}
