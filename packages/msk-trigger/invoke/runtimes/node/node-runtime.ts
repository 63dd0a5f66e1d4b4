import { createRequire, getCompileCacheDir } from 'node:module'
import { dirname, join } from 'node:path'
import type { EventLoopUtilization } from 'node:perf_hooks'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { functionArn } from '../../../config/resources.ts'
import { within } from '../../../support/wait.ts'
import type { FunctionFacts } from '../../function-facts.ts'
import { type HandedOver, HandlerError, type Invocation, type Runtime, RuntimeEnded } from '../runtime.ts'
import { memoryLimits } from './memory-limits.ts'
import { readNodeOptions } from './node-options.ts'
import { startOptions } from './node-releases.ts'
import type { ThreadAnswer, ThreadData, ThreadMessage } from './thread-messages.ts'
import { ThreadQueue } from './thread-queue.ts'

/** Main module of the thread, in the source tree or in the built package. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js', import.meta.url)

/**
 * Time limit for terminating a thread, in milliseconds. A running `execSync` must end first, and no other thread may process the
 * partition before that (rule 19 in `RULES.md`).
 */
const END_MS = 30_000

/**
 * Runs a handler in a separate thread. If an error occurs after which Lambda would restart the runtime, the next invocation runs in
 * a new thread.
 */
export class NodeRuntime implements Runtime {
  readonly #facts: FunctionFacts
  readonly #module: URL
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  #loading: PromiseWithResolvers<void> | undefined
  #thread: Worker | undefined
  /** Resolves when the last abandoned thread has ended. */
  #abandoned: Promise<number> | undefined
  #line = new ThreadQueue()
  #useBefore: EventLoopUtilization | undefined

  constructor(facts: FunctionFacts, module = THREAD) {
    this.#facts = facts
    this.#module = module
  }

  /** Loads the handler. Also resolves if that fails; the next invocation then reports the error. */
  load(): Promise<void> | undefined {
    this.#thread ??= this.#start()
    return this.#loading?.promise
  }

  invoke(invocation: Invocation): Promise<unknown> {
    return this.handOver(invocation).answer
  }

  handOver(invocation: Invocation): HandedOver {
    this.#thread ??= this.#start()
    if (this.#line.isEmpty) this.#useBefore = this.#thread.performance.eventLoopUtilization()
    return this.#line.handOver(this.#thread, invocation)
  }

  get room(): number {
    return this.#thread ? this.#line.places.free : 0
  }

  get termination(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    const use = this.#thread?.performance.eventLoopUtilization(this.#useBefore)
    return (use?.utilization ?? 0) > 0.5
  }

  async close(): Promise<void> {
    this.#line.takeBackAll()
    this.#ended.resolve(new RuntimeEnded('it was closed'))
    this.#finishLoading()
    await within(END_MS, Promise.all([this.#thread?.terminate(), this.#abandoned]))
  }

  #start(): Worker {
    this.#line = new ThreadQueue()
    const { shared } = this.#line.places
    const thread = newThread(this.#module, this.#facts, shared)
    this.#loading = Promise.withResolvers()
    let cause: unknown
    thread.on('message', (message: ThreadMessage) => {
      if (thread !== this.#thread) return
      if (message === 'loaded') this.#finishLoading()
      else void this.#handleAnswer(message)
    })
    // An error outside the handler, such as running out of memory. The thread itself catches the handler's exceptions.
    thread.on('error', error => {
      cause = error
    })
    thread.on('exit', code => {
      if (thread !== this.#thread) return
      this.#line.takeBackAll()
      const what = cause === undefined ? `ended its process with exit code ${code}` : 'ended with an error'
      this.#ended.resolve(new RuntimeEnded(`the handler ${what}`, { cause }))
    })
    return thread
  }

  #finishLoading(): void {
    this.#loading?.resolve()
    this.#loading = undefined
  }

  async #handleAnswer(answer: ThreadAnswer): Promise<void> {
    const { place } = answer
    const pending = place === undefined ? undefined : this.#line.takePending(place)
    if (!pending && 'error' in answer) {
      // No invocation is running. Return the waiting invocations, so that this runtime does not start another thread for them.
      const cause = new HandlerError(answer.error)
      this.#line.takeBackAll()
      this.#ended.resolve(new RuntimeEnded('the handler threw an uncaught exception', { cause }))
    }
    if ('error' in answer && answer.isFatal) await this.#abandon()
    else if (!this.#line.isEmpty) this.#useBefore = this.#thread?.performance.eventLoopUtilization()
    if ('ok' in answer) pending?.resolve(JSON.parse(answer.ok))
    else pending?.reject(new HandlerError(answer.error))
  }

  /** Ends the thread. Its remaining work must finish before the batch is retried. */
  async #abandon(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    this.#line.takeBackAll()
    this.#abandoned = thread?.terminate()
    if (this.#abandoned) await within(END_MS, this.#abandoned)
  }
}

/** @param places shared state of the places for waiting invocations */
function newThread(module: URL, facts: FunctionFacts, places: SharedArrayBuffer): Worker {
  const { accepted = '' } = readNodeOptions(facts)
  const workerData = { ...createThreadData(facts, module), places }
  // Lambda's options come first, so that the function's own count more.
  const options = [...startOptions(facts.runtime, workerData.loaderFrom !== undefined), accepted]
  return new Worker(module, {
    name: facts.functionKey,
    env: { ...facts.environment, NODE_OPTIONS: options.join(' ') },
    resourceLimits: memoryLimits(facts.memoryMb),
    workerData,
  })
}

/** Returns the data that a thread needs to load and call a handler. @param thread module of the thread */
function createThreadData(facts: FunctionFacts, thread = THREAD): ThreadData {
  const { functionKey, handler, runtime, folder, layers, timeoutMs } = facts
  const cacheOfVersion = getCompileCacheDir()
  return {
    ...{ functionKey, handler, runtime, folder, layers, timeoutMs },
    functionArn: functionArn(undefined, facts.functionName, facts.region),
    plugin: new URL('.', thread).href,
    loaderFrom: serverlessOffline([folder, process.cwd()]),
    compileCache: cacheOfVersion && dirname(cacheOfVersion),
    nodeOptions: facts.environment.NODE_OPTIONS,
  }
}

/**
 * Returns the main module of the first serverless-offline in these folders that has a TypeScript loader; undefined if there is
 * none.
 */
function serverlessOffline([folder, ...others]: readonly string[]): string | undefined {
  if (folder === undefined) return undefined
  try {
    const file = createRequire(join(folder, 'package.json')).resolve('serverless-offline')
    createRequire(file).resolve('tsx/cjs/api')
    return file
  } catch {
    return serverlessOffline(others)
  }
}
