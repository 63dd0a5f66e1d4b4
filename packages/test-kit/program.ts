import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { groupProcessorMs, guardGroup, signalGroup, untilStandstill, type Work } from './local-servers.ts'
import { HOPELESS_MS } from './until.ts'

/** Folder with the workspaces, their packages, and those of the tests. */
export const PROJECT = join(import.meta.dirname, '..', '..')

/** Folders with the command-line tools of the npm packages: those of the project, and those of the tests. */
const TOOLS = ['node_modules', 'test/tools/node_modules'].map(folder => join(PROJECT, folder, '.bin'))

/** Environment variables for started programs. They must not run as tests, and must not print notices about newer versions. */
const CLEAN = { NODE_TEST_CONTEXT: undefined, SLS_NOTIFICATIONS_MODE: 'off' }

export interface ProgramOptions {
  /** Variables that are added to the environment of this process. Undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Signal that ends the program when it is aborted. */
  readonly signal?: AbortSignal
  readonly cwd?: string
  /** Path of the Node.js to use; by default, the Node.js of the project. */
  readonly node?: string
}

export interface ProgramResult {
  /** Exit code; null if a signal ended the program. */
  readonly code: number | null
  /** Standard output. `output` contains standard output and standard error. */
  readonly stdout: string
  readonly output: string
}

/**
 * Program on the project's Node.js, in a separate process group. The group is killed when this process ends for any reason, so that
 * an aborted test leaves nothing running.
 */
export class Program {
  /** Resolves when the program has ended for any reason. */
  readonly ended: Promise<ProgramResult>
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()
  #output = ''
  #stdout = ''
  #isOver = false

  /** Starts a program. @param script path of a script, or name of a tool of an npm package */
  constructor(
    script: string,
    args: readonly string[],
    { env = {}, signal, cwd = PROJECT, node = process.execPath }: ProgramOptions = {},
  ) {
    const path = [...TOOLS, process.env.PATH].join(delimiter)
    const file = script.includes('/')
      ? script
      : (TOOLS.map(folder => join(folder, script)).find(existsSync) ?? script)
    this.#child = spawn(node, [file, ...args], {
      cwd,
      env: { ...process.env, ...CLEAN, PATH: path, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#collect()
    const onAbort = () => this.signal('SIGTERM')
    signal?.addEventListener('abort', onAbort)
    this.ended = this.#end().finally(() => signal?.removeEventListener('abort', onAbort))
  }

  /** Id of the process, which is also the id of its group; undefined if the process did not start. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Output so far. */
  get output(): string {
    return this.#output
  }

  /** Sends a signal to the process group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined && !this.#isOver) signalGroup(this.#child.pid, signal)
  }

  /** Waits until the program prints a line. Rejects if the program ends first, or does and prints nothing for `idleMs`. */
  async says(line: RegExp, idleMs = HOPELESS_MS): Promise<void> {
    const said = Promise.withResolvers<void>()
    const look = () =>
      line.test(this.#output) ? said.resolve() : this.#isOver && said.reject(this.#without(line))
    const over = new AbortController()
    const measure = (): Work => [groupProcessorMs(this.pid ?? -1), this.#output.length]
    const fail = (why: string) => said.reject(this.#without(line, why))
    untilStandstill(measure, { idleMs, signal: over.signal }).then(fail, () => {})
    this.#waiting.add(look)
    look()
    await said.promise.finally(() => {
      over.abort()
      this.#waiting.delete(look)
    })
  }

  #without(line: RegExp, why = 'ended'): Error {
    return new Error(`the program ${why}, and did not print ${line}. Its output:\n${this.#output}`)
  }

  #collect(): void {
    const { stdout, stderr } = this.#child
    stdout?.setEncoding('utf8').on('data', text => {
      this.#stdout += text
    })
    for (const stream of [stdout, stderr])
      stream?.setEncoding('utf8').on('data', text => {
        this.#output += text
        for (const look of this.#waiting) look()
      })
  }

  async #end(): Promise<ProgramResult> {
    const { pid } = this.#child
    const release = pid === undefined ? undefined : guardGroup(pid)
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    this.#child.once('close', code => resolve(code)).once('error', reject)
    const code = await promise
    this.#isOver = true
    for (const look of this.#waiting) look()
    // Kill the remaining processes of the group.
    if (pid !== undefined) signalGroup(pid, 'SIGKILL')
    await release?.()
    return { code, stdout: this.#stdout, output: this.#output }
  }
}

/** Runs a program until it ends. */
export function runProgram(
  script: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<ProgramResult> {
  return new Program(script, args, options).ended
}
