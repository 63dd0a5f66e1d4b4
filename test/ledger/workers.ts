/** The functions as `serverless offline` runs them: several processes that share the partitions, each there to be lost. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../../localstack/msk-trigger/faults.ts'
import { injectFault } from '../../localstack/msk-trigger/inject-fault.ts'
import { freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { PROJECT, Program } from '../support/program.ts'

const READY = /^msk {2}ready: (\d+) of \1 event sources have joined their groups/m
const SERVICE = join(PROJECT, 'test', 'ledger', 'service')

export class Worker {
  readonly #variables: Readonly<Record<string, string>>
  #program: Program | undefined
  #folder = ''
  #lambdaPort = 0
  /** What earlier processes of it have written. */
  #said = ''

  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables
  }

  get output(): string {
    return this.#said + (this.#program?.output ?? '')
  }

  /** Starts it, and waits until it reads. */
  async start(): Promise<void> {
    // A socket of its own for each process: one that was killed leaves its file behind.
    this.#folder = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
    const [http = 0, lambda = 0, websocket = 0] = await freePorts(3)
    const ports = ['--httpPort', `${http}`, '--lambdaPort', `${lambda}`, '--websocketPort', `${websocket}`]
    this.#lambdaPort = lambda
    this.#program = new Program('serverless', ['offline', ...ports], {
      cwd: SERVICE,
      env: { ...this.#variables, LEDGER_FAULTS: this.#socket },
    })
    await this.#program.says(READY)
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (!this.#program) return
    this.#program.signal('SIGKILL')
    await this.#program.ended
    this.#said = this.output
    this.#program = undefined
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** SIGSTOP lets it stand still, with its connections open; SIGCONT lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.signal(signal)
  }

  /** A fault of the trigger's own. */
  inject(fault: Fault): Promise<void> {
    return injectFault(this.#socket, fault)
  }

  /** Invokes a function beside its mapping; resolves when it has ended, however. */
  async invoke(name: string, event: object): Promise<void> {
    const url = `http://${LOOPBACK}:${this.#lambdaPort}/2015-03-31/functions/ledger-local-${name}/invocations`
    // A worker may be killed meanwhile.
    await fetch(url, { method: 'POST', body: JSON.stringify(event) }).catch(() => {})
  }

  /** A path in a folder that lasts as long as its process. */
  file(name: string): string {
    return join(this.#folder, name)
  }

  get #socket(): string {
    return this.file('faults.sock')
  }
}
