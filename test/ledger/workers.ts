/** The functions under `serverless offline`, or called directly: several processes that share the partitions, and that can be killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts, LOOPBACK } from '#local-servers/ports.ts'
import { PROJECT, Program } from '#local-servers/testing/program.ts'
import type { Fault } from '../../packages/msk-trigger/faults/faults.ts'
import { injectFault } from '../../packages/msk-trigger/faults/inject-fault.ts'
import { Delivery, type Input } from './delivery.ts'

const READY = /^called directly$|^msk {2}ready: (\d+) of \1 event sources have joined their groups/m
const SERVICE = join(PROJECT, 'test', 'ledger', 'service')

/** Many times what a trigger takes to deliver what waits. */
const DELIVERED_MS = 3_000

/** Values that `serverless.yml` and the trigger set. */
const FIXED = {
  LOG_LEVEL: 'WARN',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  REPORT_BATCH_ITEM_FAILURES: 'true',
  // Its input is the only one.
  SLUICE_ONE_MACHINE: 'off',
}

/** Runners of the functions. */
export const RUNNERS = ['offline', 'direct'] as const
export type Runner = (typeof RUNNERS)[number]

export class Worker {
  readonly #variables: Readonly<Record<string, string>>
  readonly #runner: Runner
  #program: Program | undefined
  #folder = ''
  #lambdaPort = 0
  /** Worker in place of a missing trigger. */
  #delivery: Delivery | undefined
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
    const options = { cwd: SERVICE, env: { ...this.#variables, ...FIXED, LEDGER_FAULTS: this.#socket } }
    this.#program =
      this.#runner === 'offline'
        ? new Program('serverless', ['offline', ...ports], options)
        : new Program('./direct.ts', [`${lambda}`], options)
    await this.#program.says(READY)
  }

  /** Begins to deliver records, unless a trigger does. */
  deliver(input: Input): void {
    if (this.#runner === 'direct')
      this.#delivery = new Delivery(input, (name, event) => this.invoke(name, event))
  }

  /** Kills it for good. */
  async end(): Promise<void> {
    await this.kill()
    await this.#delivery?.end()
  }

  /** Kills it, whatever it is doing. */
  async kill(): Promise<void> {
    if (!this.#program) return
    this.#program.signal('SIGKILL')
    await this.#program.ended
    this.#said = this.output
    this.#program = undefined
    this.#delivery?.forgetFaults()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** SIGSTOP pauses it with its connections open. SIGCONT lets it continue. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.signal(signal)
  }

  /** Injects a fault into the trigger. */
  async inject(fault: Fault): Promise<void> {
    if (this.#delivery) this.#delivery.inject(fault)
    else await injectFault(this.#socket, fault)
  }

  /** Resolves when all that waits has been delivered; with a trigger, which does not say so, after a while. */
  delivered(): Promise<unknown> {
    return this.#delivery?.delivered() ?? pause(DELIVERED_MS)
  }

  /** Invokes a function directly. Resolves when the invocation has ended; undefined if it failed. */
  async invoke(name: string, event: object): Promise<unknown> {
    const url = `http://${LOOPBACK}:${this.#lambdaPort}/2015-03-31/functions/ledger-local-${name}/invocations`
    try {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) })
      return response.ok ? await response.json() : undefined
    } catch {
      // The worker may be killed meanwhile.
      return undefined
    }
  }

  /** A path in the temporary folder of the present process. */
  file(name: string): string {
    return join(this.#folder, name)
  }

  get #socket(): string {
    return this.file('faults.sock')
  }
}
