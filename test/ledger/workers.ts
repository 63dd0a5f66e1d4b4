/** The functions under `serverless offline`: several processes that share the partitions, and that can be killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT, Program } from '@sluice/test-kit/program'
import { freePorts } from '#local-servers/ports'
import type { Fault } from '../../packages/msk-trigger/faults/faults.ts'
import { injectFault } from '../../packages/msk-trigger/faults/inject-fault.ts'

const READY = /^msk {2}ready: (\d+) of \1 event sources have joined their groups/m
const SERVICE = join(PROJECT, 'test', 'ledger', 'service')

/** Values that `serverless.yml` and the trigger set. */
const FIXED = {
  LOG_LEVEL: 'WARN',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  REPORT_BATCH_ITEM_FAILURES: 'true',
  // Its input is the only one.
  SLUICE_ONE_MACHINE: 'off',
}

export class Worker {
  readonly #variables: Readonly<Record<string, string>>
  #program: Program | undefined
  #folder = ''
  /** The output of earlier processes of this worker. */
  #said = ''

  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables
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
    const options = { cwd: SERVICE, env: { ...this.#variables, ...FIXED, LEDGER_FAULTS: this.#socket } }
    this.#program = new Program('serverless', ['offline', ...ports], options)
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
  async inject(fault: Fault): Promise<void> {
    await injectFault(this.#socket, fault)
  }

  get #socket(): string {
    return join(this.#folder, 'faults.sock')
  }
}
