import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { guardGroup, signalGroup } from '../../localstack/services/groups.ts'
import { PROJECT } from '../../programs/paths.ts'
import { HOPELESS_MS } from './until.ts'

export { PROJECT }

/** The folder with the command-line tools of the npm packages. */
const TOOLS = join(PROJECT, 'node_modules', '.bin')

/** A program that a test starts is not a test itself, and should not print notices about newer versions. */
const CLEAN = { NODE_TEST_CONTEXT: undefined, SLS_NOTIFICATIONS_MODE: 'off' }

export interface ProgramOptions {
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Aborting it ends the program. */
  readonly signal?: AbortSignal
  readonly cwd?: string
  /** Path of the Node that runs it, if it is not the project's own. */
  readonly node?: string
}

export interface ProgramResult {
  /** Null if a signal ended the program. */
  readonly code: number | null
  /** Standard output alone, and standard output and error interleaved. */
  readonly stdout: string
  readonly output: string
}

/**
 * A program on the project's own Node, in its own process group. The group is killed when this process ends for any reason,
 * so that an aborted test leaves nothing running.
 */
export class Program {
  /** Resolves when the program has ended for any reason. */
  readonly ended: Promise<ProgramResult>
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()
  #output = ''
  #stdout = ''
  #isOver = false

  /** @param script a script, or the name of a tool in `node_modules/.bin` */
  constructor(
    script: string,
    args: readonly string[],
    { env = {}, signal, cwd = PROJECT, node = process.execPath }: ProgramOptions = {},
  ) {
    const path = [TOOLS, process.env.PATH].join(delimiter)
    const file = script.includes('/') ? script : join(TOOLS, script)
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

  /** Process id, and that of its group; undefined if it did not start. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** All output so far. */
  get output(): string {
    return this.#output
  }

  /** Sends a signal to the process group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined && !this.#isOver) signalGroup(this.#child.pid, signal)
  }

  /** Waits until the program prints this line. Rejects if it ends before that, or does not print it in time. */
  async says(line: RegExp, withinMs = HOPELESS_MS): Promise<void> {
    const said = Promise.withResolvers<void>()
    const look = () =>
      line.test(this.#output) ? said.resolve() : this.#isOver && said.reject(this.#without(line))
    const tooLate = setTimeout(() => said.reject(this.#without(line)), withinMs)
    this.#waiting.add(look)
    look()
    await said.promise.finally(() => {
      clearTimeout(tooLate)
      this.#waiting.delete(look)
    })
  }

  #without(line: RegExp): Error {
    return new Error(`it did not say ${line}, but:\n${this.#output}`)
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
    // Kill the rest of the group.
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
