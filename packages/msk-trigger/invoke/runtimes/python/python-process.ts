import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { within } from '../../../support/wait.ts'
import { HandlerError, type ReportedError } from '../runtime.ts'
import { type Frame, FrameReader, frame } from './frames.ts'

/** Path of the runner, whose name is the same in the source tree and in the package. */
const RUNNER = fileURLToPath(new URL('./python-runner.py', import.meta.url))

/** Kinds of frames: `l` for loaded, `x` for an error while loading, `a` for an answer, `e` for an error. */
const KINDS = 'lxae'

/**
 * Time to wait for remaining answers after the process has ended, in milliseconds. The last answer arrives immediately, unless
 * another process has inherited the channel and keeps it open.
 */
const REST_MS = 200

/** Time limit for ending a process, in milliseconds. The process is killed, so the limit is reached only in case of a bug. */
const END_MS = 1_000

/** Error if code other than the runner has written to the channel, such as the handler or a forked process. */
const SPOILT =
  'other code has written to file descriptor 3, which is reserved for the answers of the handler: do not use it'

export interface PythonCommand {
  readonly executable: string
  /** Folder of the code. It is the working directory and the first entry of Python's module search path. */
  readonly folder: string
  readonly handler: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Python process that runs a handler. It shares the standard streams of this process, so that output appears immediately and
 * `breakpoint()` works in a terminal. Its process group is separate: Ctrl-C does not reach it, because the trigger decides which
 * invocations may finish. Processes that the handler has started end together with it.
 */
export class PythonProcess {
  /** Resolves with a description of the reason when the process has ended or could not be started. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #channel: Duplex | undefined
  readonly #frames = new FrameReader(KINDS)
  readonly #loaded = Promise.withResolvers<void>()
  /** True once the process has ended. The operating system may then reuse its id. */
  #hasEnded = false
  /** True if other code has written to the channel. Its content is then meaningless. */
  #isSpoilt = false
  #isLoaded = false
  #asked: (PromiseWithResolvers<unknown> & { readonly requestId: string }) | undefined

  constructor({ executable, folder, handler, environment }: PythonCommand) {
    this.#child = spawn(executable, ['-X', 'utf8', RUNNER, folder, handler], {
      cwd: folder,
      env: environment as NodeJS.ProcessEnv,
      // Nothing is sent over the last descriptor. The runner ends when it closes, which happens whenever this process ends.
      stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const [channel, lifeline] = this.#child.stdio.slice(3) as (Duplex | undefined)[]
    this.#channel = channel
    // Ignore errors of the streams at the end of the process, because `ended` reports the end.
    for (const stream of [channel, lifeline]) stream?.on('error', () => {})
    channel?.on('data', (piece: Buffer) => {
      if (!this.#isSpoilt) this.#read(piece)
    })
    // Avoid an unhandled rejection: later callers receive the failure.
    this.#loaded.promise.catch(() => {})
    this.ended = this.#end(executable)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resolves when the handler is loaded. Rejects with a HandlerError. Never settles if the process ends first. */
  get loaded(): Promise<void> {
    return this.#loaded.promise
  }

  /** Sends a request and resolves to its answer. Rejects with a HandlerError. Never settles if the process ends first. */
  exchange(requestId: string, request: string): Promise<unknown> {
    const asked = { requestId, ...Promise.withResolvers<unknown>() }
    this.#asked = asked
    this.#channel?.write(frame('r', request))
    return asked.promise
  }

  /** Kills the process and all processes that it has started. */
  async kill(): Promise<void> {
    this.#killGroup()
    await within(END_MS, this.ended)
  }

  #read(piece: Buffer): void {
    try {
      for (const one of this.#frames.read(piece)) this.#received(one)
    } catch {
      this.#isSpoilt = true
      this.#killGroup()
    }
  }

  /** Handles a frame. @throws Error if the runner cannot have sent the frame */
  #received({ kind, body }: Frame): void {
    if (kind === 'a' || kind === 'e') this.#answer(kind, body)
    else if (this.#isLoaded) throw new Error('the handler was loaded twice')
    else if (kind === 'x') this.#loaded.reject(errorIn(body))
    else this.#loaded.resolve()
    this.#isLoaded = true
  }

  /**
   * Handles an answer.
   *
   * @throws Error if the answer does not belong to the pending request, because a forked process may answer a request again
   */
  #answer(kind: string, body: Buffer): void {
    const asked = this.#asked
    const end = body.indexOf('\n')
    if (!asked || body.toString('utf8', 0, end) !== asked.requestId) throw new Error('it was not requested')
    const rest = body.subarray(end + 1)
    if (kind === 'a') asked.resolve(valueIn(rest))
    else asked.reject(errorIn(rest))
    this.#asked = undefined
  }

  async #end(executable: string): Promise<string> {
    try {
      const [code, signal] = await once(this.#child, 'exit')
      // Child processes can outlive the process. While they run, the id of the process group is still in use.
      this.#killGroup()
      this.#hasEnded = true
      const channel = this.#channel
      if (channel && !channel.closed) await within(REST_MS, once(channel, 'close'))
      if (this.#isSpoilt) return SPOILT
      return signal
        ? `the process of the handler was ended by ${signal}`
        : `the handler ended its process with exit code ${code}`
    } catch (error) {
      return `${executable} cannot be started: ${(error as Error).message}`
    }
  }

  #killGroup(): void {
    const { pid } = this.#child
    if (pid === undefined || this.#hasEnded) return
    try {
      // A negative id addresses the process group. Windows has no process groups, but there the child is identified by a handle,
      // not only by its id.
      if (process.platform === 'win32') this.#child.kill('SIGKILL')
      else process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // Ignore the error if the process group has ended, or if its last process is about to end.
      if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
    }
  }
}

function errorIn(body: Buffer): HandlerError {
  return new HandlerError(JSON.parse(body.toString()) as ReportedError)
}

/** Parses an answer. It remains text if it is not JSON: a handler can return bytes or NaN, which Lambda passes on unchanged. */
function valueIn(body: Buffer): unknown {
  const text = body.toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
