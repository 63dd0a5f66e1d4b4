import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { within } from '../../../support/wait.ts'
import { HandlerError, type ReportedError } from '../runtime.ts'
import { type Frame, FrameReader, frame } from './frames.ts'

/** The file has this name in the source and in the package. */
const RUNNER = fileURLToPath(new URL('./python-runner.py', import.meta.url))

/** Loaded, an error while loading, an answer, an error. */
const KINDS = 'lxae'

/** The last answer arrives at once, unless another process has inherited the channel and holds it open. */
const REST_MS = 200

/** Upper bound for ending a process. It is killed, so only a defect reaches this bound. */
const END_MS = 1_000

/** Written by others to the channel, such as the handler, or a fork of its process that continues. */
const SPOILT =
  'something other than the runner wrote to descriptor 3, over which the answers of the handler come: leave it alone'

export interface PythonCommand {
  readonly executable: string
  /** Folder of the code: the working directory, and the first place where modules are looked for. */
  readonly folder: string
  readonly handler: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * A Python process that runs a handler. It has the standard streams of this process, so whatever the handler prints is
 * seen at once, and `breakpoint()` works in a terminal. It leads a process group of its own: Ctrl-C does not reach it,
 * because the trigger decides which invocations may finish, and the processes that the handler started end with it.
 */
export class PythonProcess {
  /** Resolves when it has ended, or could not be started: with what happened. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #channel: Duplex | undefined
  readonly #frames = new FrameReader(KINDS)
  readonly #loaded = Promise.withResolvers<void>()
  /** Then its id may already be that of another process. */
  #hasEnded = false
  /** Something other than the runner wrote to the channel: what comes over it means nothing any more. */
  #isSpoilt = false
  #isLoaded = false
  #asked: (PromiseWithResolvers<unknown> & { readonly requestId: string }) | undefined

  constructor({ executable, folder, handler, environment }: PythonCommand) {
    this.#child = spawn(executable, ['-X', 'utf8', RUNNER, folder, handler], {
      cwd: folder,
      env: environment as NodeJS.ProcessEnv,
      // Over the last one nothing is sent: it closes when this process ends, however it ends.
      stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const [channel, lifeline] = this.#child.stdio.slice(3) as (Duplex | undefined)[]
    this.#channel = channel
    // The streams break when the process ends, which `ended` reports.
    for (const stream of [channel, lifeline]) stream?.on('error', () => {})
    channel?.on('data', (piece: Buffer) => {
      if (!this.#isSpoilt) this.#read(piece)
    })
    // A failure is kept for later callers.
    this.#loaded.promise.catch(() => {})
    this.ended = this.#end(executable)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resolves when the handler is loaded; never, if the process ends before. Rejects with a HandlerError. */
  get loaded(): Promise<void> {
    return this.#loaded.promise
  }

  /** Sends a request and resolves with its answer; never, if the process ends before. Rejects with a HandlerError. */
  exchange(requestId: string, request: string): Promise<unknown> {
    const asked = { requestId, ...Promise.withResolvers<unknown>() }
    this.#asked = asked
    this.#channel?.write(frame('r', request))
    return asked.promise
  }

  /** Ends it at once, with all that it has started. */
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

  /** @throws Error where it cannot come from the runner. */
  #received({ kind, body }: Frame): void {
    if (kind === 'a' || kind === 'e') this.#answer(kind, body)
    else if (this.#isLoaded) throw new Error('it was loaded before')
    else if (kind === 'x') this.#loaded.reject(errorIn(body))
    else this.#loaded.resolve()
    this.#isLoaded = true
  }

  /** A fork of the process may answer a request again, or one that was answered long ago. */
  #answer(kind: string, body: Buffer): void {
    const asked = this.#asked
    const end = body.indexOf('\n')
    if (!asked || body.toString('utf8', 0, end) !== asked.requestId) throw new Error('that was not asked')
    const rest = body.subarray(end + 1)
    if (kind === 'a') asked.resolve(valueIn(rest))
    else asked.reject(errorIn(rest))
    this.#asked = undefined
  }

  async #end(executable: string): Promise<string> {
    try {
      const [code, signal] = await once(this.#child, 'exit')
      // Child processes can outlive it, and keep the id of the group in use.
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
      // Negative: the group. Windows has none, and there the child is known by more than its id.
      if (process.platform === 'win32') this.#child.kill('SIGKILL')
      else process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // The group has ended, or all that is left of it is about to.
      if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
    }
  }
}

function errorIn(body: Buffer): HandlerError {
  return new HandlerError(JSON.parse(body.toString()) as ReportedError)
}

/** A handler can return bytes or NaN, which Lambda sends on as they are: then it is text. */
function valueIn(body: Buffer): unknown {
  const text = body.toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
