import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Readable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { within } from '../../../support/wait.ts'
import type { EventContent } from '../../event-content.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import { HandlerError, type Invocation, type Runtime, RuntimeEnded } from '../runtime.ts'
import type { Answer, Message, Request, ThreadData } from './messages.ts'
import { THREAD, threadDataOf } from './thread-data.ts'

/**
 * Upper bound for terminating a thread. It ends at once, also from within a loop, but not from within a command of
 * `execSync` or `spawnSync`, which must end first: until then, nobody else may have the partition. Rule 19.
 */
const END_MS = 30_000

/** Receives what a thread writes, instead of the streams of this process. It must be read. */
export type OnOutput = (stdout: Readable, stderr: Readable) => void

/** Room for a batch of a hundred small records. */
const LEAST_MEMORY_BYTES = 128 * 1024

/**
 * A handler in JavaScript or TypeScript, in a thread of its own, which starts with the first invocation. After an error with
 * which Lambda would start the runtime again (a module that does not load, an uncaught exception), the next invocation gets a
 * new thread.
 */
export class NodeRuntime implements Runtime {
  readonly #facts: FunctionFacts
  readonly #onOutput: OnOutput | undefined
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  /** Present while a thread loads the handler. */
  #loading: PromiseWithResolvers<void> | undefined
  #thread: Worker | undefined
  /** The end of the last thread that was given up. */
  #abandoned: Promise<number> | undefined
  #pending: PromiseWithResolvers<unknown> | undefined
  #useBefore: EventLoopUtilization | undefined
  /** Shared with the thread. To send records in a message would copy them twice more, and leave both copies to be collected. */
  #memory: Uint8Array<SharedArrayBuffer> | undefined

  constructor(facts: FunctionFacts, onOutput?: OnOutput) {
    this.#facts = facts
    this.#onOutput = onOutput
  }

  /** Resolves also if it cannot be loaded, which the next invocation reports. */
  load(): Promise<void> | undefined {
    this.#thread ??= this.#start()
    return this.#loading?.promise
  }

  invoke({ event, requestId, deadlineMs }: Invocation): Promise<unknown> {
    this.#thread ??= this.#start()
    this.#useBefore = this.#thread.performance.eventLoopUtilization()
    this.#pending = Promise.withResolvers()
    this.#thread.postMessage({ requestId, deadlineMs, ...this.#handedOver(event) } satisfies Request)
    return this.#pending.promise
  }

  /** Writes the records of an event where the thread reads them. It has read those of the event before: it has answered. */
  #handedOver(event: EventContent): Pick<Request, 'event' | 'memory'> {
    const { packed } = event
    if (!packed) return { event: event.json() }
    const { head, length } = packed
    const known = this.#memory
    const fits = known !== undefined && known.length >= length
    const memory = fits ? known : new Uint8Array(new SharedArrayBuffer(memoryFor(length)))
    this.#memory = memory
    packed.copyTo(memory)
    return fits ? { event: head } : { event: head, memory: memory.buffer }
  }

  get ended(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    const use = this.#thread?.performance.eventLoopUtilization(this.#useBefore)
    return (use?.utilization ?? 0) > 0.5
  }

  async close(): Promise<void> {
    this.#ended.resolve(new RuntimeEnded('it was closed'))
    this.#loaded()
    await within(END_MS, Promise.all([this.#thread?.terminate(), this.#abandoned]))
  }

  #start(): Worker {
    const thread = newThread(this.#facts, this.#onOutput !== undefined)
    this.#onOutput?.(thread.stdout, thread.stderr)
    this.#loading = Promise.withResolvers()
    this.#memory = undefined
    let cause: unknown
    thread.on('message', (message: Message) => {
      if (thread !== this.#thread) return
      if (message === 'loaded') this.#loaded()
      else void this.#answered(message)
    })
    // Such as the end of its memory: the thread catches the exceptions of the handler itself.
    thread.on('error', error => {
      cause = error
    })
    thread.on('exit', code => {
      if (thread !== this.#thread) return
      const what = cause === undefined ? `ended its process with exit code ${code}` : 'ended with an error'
      this.#ended.resolve(new RuntimeEnded(`the handler ${what}`, { cause }))
    })
    return thread
  }

  #loaded(): void {
    this.#loading?.resolve()
    this.#loading = undefined
  }

  async #answered(answer: Answer): Promise<void> {
    const pending = this.#pending
    this.#pending = undefined
    const isLast = 'ok' in answer ? answer.isLast : answer.isFatal
    if (isLast) await this.#abandon()
    if ('ok' in answer) {
      pending?.resolve(JSON.parse(answer.ok))
      return
    }
    const error = new HandlerError(answer.error)
    if (pending) pending.reject(error)
    else this.#ended.resolve(new RuntimeEnded('the handler threw an uncaught exception', { cause: error }))
  }

  /** Ends the thread. What it still does, such as to handle its own end, must be over before the batch is tried again. */
  async #abandon(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    this.#abandoned = thread?.terminate()
    if (this.#abandoned) await within(END_MS, this.#abandoned)
  }
}

/** Twice as much each time, so that growing events do not replace it often. */
function memoryFor(bytes: number): number {
  let size = LEAST_MEMORY_BYTES
  while (size < bytes) size *= 2
  return size
}

/** @param isCaptured whether its output is read here */
function newThread(facts: FunctionFacts, isCaptured: boolean): Worker {
  const { functionKey: name, environment: env } = facts
  const data = threadDataOf(facts)
  const start = (variables: Record<string, string>, workerData: ThreadData) =>
    new Worker(THREAD, {
      name,
      env: variables,
      workerData,
      ...(isCaptured && { stdout: true, stderr: true }),
    })
  try {
    return start(env, data)
  } catch (error) {
    // Some options are for a whole process. The handler sees them all the same.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw error
    const { NODE_OPTIONS: nodeOptions, ...others } = env
    return start(others, { ...data, nodeOptions })
  }
}
