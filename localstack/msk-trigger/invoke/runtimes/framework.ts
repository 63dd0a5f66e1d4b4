import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventLoopUtilization } from 'node:perf_hooks'
import process from 'node:process'
import type { Worker } from 'node:worker_threads'
import Lambda, { type LambdaFunction } from 'serverless-offline/lambda'
import type { Serverless } from '../../support/framework.ts'
import { within } from '../../support/wait.ts'
import { functionFacts } from '../function-facts.ts'
import { checkedAnswer, refuseUncalled } from './framework-answer.ts'
import { leaveOutInvocationLines } from './framework-log.ts'
import { type Invocation, type Runtime, RuntimeEnded } from './runtime.ts'

/** Upper bound for terminating a thread. Termination is immediate, so only a defect reaches this bound. */
const END_MS = 1_000

/** A container gets 10 seconds to stop, and no other one may get its batch before. */
const END_CONTAINER_MS = 15_000

/** The runtime that is starting a thread. */
const starting = new AsyncLocalStorage<FrameworkRuntime>()
let isWatching = false

/**
 * A runner of serverless-offline, for what this plugin does not run itself. The runner does not watch its thread, whose uncaught exception
 * would end this process, and treats the function as busy forever after a failure: each is discarded with a pool of its own.
 */
export class FrameworkRuntime implements Runtime {
  readonly #lambda: Lambda
  readonly #function: LambdaFunction
  readonly #ended = Promise.withResolvers<RuntimeEnded>()
  readonly #runtime: string
  readonly #inDocker: boolean
  #thread: Worker | undefined
  #useBefore: EventLoopUtilization | undefined

  constructor(serverless: Serverless, options: Readonly<Record<string, unknown>>, functionKey: string) {
    this.#lambda = new Lambda(serverless, { ...options, noTimeout: true })
    this.#lambda.create([{ functionKey, functionDefinition: serverless.service.getFunction(functionKey) }])
    this.#function = this.#lambda.get(functionKey)
    this.#runtime = functionFacts(serverless, options, functionKey).runtime
    this.#inDocker = Boolean(options.useDocker)
    if (!isWatching) process.on('worker', watchThread)
    isWatching = true
  }

  async invoke({ event }: Invocation): Promise<unknown> {
    refuseUncalled(this.#runtime, this.#inDocker)
    await leaveOutInvocationLines(() => starting.getStore() !== undefined)
    this.#useBefore = this.#thread?.performance.eventLoopUtilization()
    this.#function.setEvent(JSON.parse(event.json()))
    try {
      const answer = await starting.run(this, () => this.#function.runHandler())
      return checkedAnswer(answer, this.#runtime, this.#inDocker)
    } finally {
      this.#function.setEvent(undefined)
    }
  }

  get ended(): Promise<RuntimeEnded> {
    return this.#ended.promise
  }

  get isComputing(): boolean {
    return (this.#thread?.performance.eventLoopUtilization(this.#useBefore).utilization ?? 0) > 0.5
  }

  async close(): Promise<void> {
    await within(this.#inDocker ? END_CONTAINER_MS : END_MS, this.#lambda.cleanup())
  }

  watch(worker: Worker): void {
    this.#thread = worker
    let cause: unknown
    // This listener also keeps an uncaught exception of the thread from ending this process.
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', code => {
      const what =
        cause === undefined ? `ended its process with exit code ${code}` : 'threw an uncaught exception'
      this.#ended.resolve(new RuntimeEnded(`the handler ${what}`, { cause }))
    })
  }
}

function watchThread(worker: Worker): void {
  starting.getStore()?.watch(worker)
}
