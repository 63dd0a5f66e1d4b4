import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { FunctionFacts } from '../../function-facts.ts'
import { type Invocation, type Runtime, RuntimeEnded } from '../runtime.ts'
import { findPython } from './find-python.ts'
import { PythonProcess } from './python-process.ts'

export type PythonFunction = Pick<
  FunctionFacts,
  'functionName' | 'handler' | 'runtime' | 'region' | 'folder' | 'environment'
>

/**
 * Runs a Python handler in a separate process. The runner of serverless-offline is not used, because it reports None and every
 * exception as a timeout.
 */
export class PythonRuntime implements Runtime {
  readonly #function: PythonFunction
  readonly #notice: (line: string) => void
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  #start: Promise<PythonProcess> | undefined
  #process: PythonProcess | undefined
  #cpu: CpuUse | undefined
  #isClosed = false

  /** @param notice receives a log line if the Python version differs from the version that the runtime names */
  constructor(definition: PythonFunction, notice: (line: string) => void) {
    this.#function = definition
    this.#notice = notice
  }

  async load(): Promise<void> {
    await this.#loaded()
  }

  async invoke({ event, requestId, timeoutMs }: Invocation): Promise<unknown> {
    const python = await this.#loaded()
    const { functionName, region } = this.#function
    const functionArn = `arn:aws:lambda:${region}:000000000000:function:${functionName}`
    // JSON serializes an infinite deadline as null.
    const about = JSON.stringify({ requestId, deadlineMs: Date.now() + timeoutMs, functionArn })
    this.#cpu = new CpuUse(python.pid)
    return python.exchange(requestId, `${about.slice(0, -1)},"event":${event.json()}}`)
  }

  get ended(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    return this.#cpu?.isHigh() ?? false
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#process?.kill()
    this.#ended.resolve(new RuntimeEnded('the handler was stopped'))
  }

  async #loaded(): Promise<PythonProcess> {
    this.#start ??= this.#started()
    try {
      const python = await this.#start
      await python.loaded
      return python
    } catch (error) {
      // As in the cloud, the next invocation starts a new process and loads the handler again.
      const failed = this.#process
      this.#start = undefined
      this.#process = undefined
      await failed?.kill()
      throw error
    }
  }

  async #started(): Promise<PythonProcess> {
    const { runtime, folder, handler } = this.#function
    const environment = { ...process.env, ...this.#function.environment }
    const { executable, version } = await findPython(runtime, environment)
    if (this.#isClosed) throw new RuntimeEnded('the handler was stopped')
    if (runtime !== `python${version}`)
      this.#notice(`runs on Python ${version} (${executable}), not ${runtime}`)
    const python = new PythonProcess({ executable, folder, handler, environment })
    this.#process = python
    void python.ended.then(how => {
      // A process that could not load its handler has already reported the error.
      if (this.#process === python) this.#ended.resolve(new RuntimeEnded(how))
    })
    return python
  }
}

/** Unit of processor time that the kernel reports, in milliseconds. It is the same on every machine. */
const TICK_MS = 10

/** Positions of the fields after the program's name, which may contain spaces, see proc_pid_stat(5). */
const USER_TIME = 11
const SYSTEM_TIME = 12

/** Measures the processor time that a process has used since this object was created. */
class CpuUse {
  readonly #pid: number | undefined
  readonly #sinceMs = performance.now()
  readonly #usedBeforeMs: number

  constructor(pid: number | undefined) {
    this.#pid = pid
    this.#usedBeforeMs = usedMs(pid)
  }

  /**
   * Returns true if the process has used more than half of a processor. Returns false on systems other than Linux, which do not
   * report this.
   */
  isHigh(): boolean {
    return usedMs(this.#pid) - this.#usedBeforeMs > (performance.now() - this.#sinceMs) / 2
  }
}

function usedMs(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return TICK_MS * (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]))
  } catch {
    return 0
  }
}

/**
 * Returns the first folder that contains the file of a handler. If there is no such folder, returns the first one. Bundlers build
 * only handlers for Node.js.
 */
export function pythonFolder(handler: string, folders: readonly [string, ...string[]]): string {
  const module = handler.slice(0, Math.max(0, handler.lastIndexOf('.'))).replaceAll('.', '/')
  const hasFile = (folder: string) =>
    existsSync(join(folder, `${module}.py`)) || existsSync(join(folder, module, '__init__.py'))
  return folders.find(hasFile) ?? folders[0]
}
