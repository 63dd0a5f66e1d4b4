import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { functionArn } from '../../../config/resources.ts'
import { within } from '../../../support/wait.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import { HandlerError, type Invocation, type ReportedError, type Runtime, RuntimeEnded } from '../runtime.ts'
import { findInterpreter } from './interpreter.ts'

/** Main module of the process, in the source tree or in the built package. */
const WORKER = import.meta.url.endsWith('.ts') ? './worker.py' : './python-worker.py'

/** Time limit for killing a process, in milliseconds. Killing is immediate, so the limit is reached only in case of a bug. */
const END_MS = 1_000

/**
 * Runs a handler in a process of Python. After the process has ended during an invocation, or could not load the handler, the next
 * invocation starts another one, as in Lambda.
 */
export class PythonRuntime implements Runtime {
  /** A process does not report this. */
  readonly isComputing = false
  readonly #facts: FunctionFacts
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  #process: ChildProcess | undefined
  #loading: Promise<void> | undefined
  /** Answer to the start of the process, or else to the running invocation. */
  #answer: PromiseWithResolvers<unknown> | undefined

  constructor(facts: FunctionFacts) {
    this.#facts = facts
  }

  load(): Promise<void> | undefined {
    if (this.#process) return this.#loading
    this.#process = this.#start()
    this.#loading = this.#nextAnswer().then(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async invoke({ event, requestId, timeoutMs }: Invocation): Promise<unknown> {
    // Without a timeout, the deadline is null, because JSON does not have infinity.
    const invocation = JSON.stringify([requestId, Date.now() + timeoutMs])
    await this.load()
    const requests = this.#process?.stdio[3] as Writable
    requests.write(`[${invocation},${event.json()}]\n`)
    return this.#nextAnswer()
  }

  get termination(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  async close(): Promise<void> {
    this.#ended.resolve(new RuntimeEnded('it was closed'))
    if (!this.#process) return
    const closed = once(this.#process, 'close')
    kill(this.#process)
    await within(END_MS, closed)
  }

  #nextAnswer(): Promise<unknown> {
    this.#answer = Promise.withResolvers()
    return this.#answer.promise
  }

  #start(): ChildProcess {
    const { handler, folder, functionName, region, timeoutMs, runtime, layers, environment } = this.#facts
    const folders = [`python/lib/${runtime}/site-packages`, 'python']
    const searchPath = [folder, ...folders.flatMap(path => layers.map(layer => join(layer, path)))]
    const args = [handler, functionArn(undefined, functionName, region), `${timeoutMs}`, ...searchPath]
    const [interpreter] = findInterpreter(this.#facts)
    const started = spawn(
      interpreter,
      ['-X', 'utf8', fileURLToPath(new URL(WORKER, import.meta.url)), ...args],
      {
        cwd: folder,
        env: { ...process.env, ...environment },
        // In a group of its own, it does not receive the signal of Ctrl-C, and is killed with the processes that it has started.
        detached: process.platform !== 'win32',
        windowsHide: true,
        stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
      },
    )
    // The end of the process reports this error.
    started.stdio[3]?.on('error', () => {})
    started.on('error', error => this.#handleEnd(started, error.message))
    started.on('exit', () => kill(started))
    started.on('close', (code, signal) => {
      const status = signal === null ? `exit status ${code}` : `signal: ${signal}`
      this.#handleEnd(started, `Runtime exited with error: ${status}`)
    })
    const answers = createInterface({ input: started.stdio[4] as Readable })
    answers.on('line', line => this.#handleAnswer(JSON.parse(line)))
    return started
  }

  #handleAnswer({ ok, error }: { readonly ok?: unknown; readonly error?: ReportedError }): void {
    const answer = this.#answer
    this.#answer = undefined
    // The process ends by itself after it has failed to load the handler.
    if (error && this.#loading) this.#process = undefined
    if (error) answer?.reject(new HandlerError(error))
    else answer?.resolve(ok)
  }

  #handleEnd(ended: ChildProcess, errorMessage: string): void {
    if (ended !== this.#process) return
    this.#process = undefined
    if (this.#answer)
      this.#handleAnswer({ error: { errorType: 'Runtime.ExitError', errorMessage, trace: [] } })
    else this.#ended.resolve(new RuntimeEnded(`the process of the handler has ended: ${errorMessage}`))
  }
}

/** Kills a process, with the processes that it has started. */
function kill(child: ChildProcess): void {
  try {
    if (process.platform === 'win32') child.kill()
    else process.kill(-Number(child.pid), 'SIGKILL')
  } catch {
    // All of them have ended.
  }
}
