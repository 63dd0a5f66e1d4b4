import { AsyncLocalStorage } from 'node:async_hooks'
import process from 'node:process'
import type { Worker } from 'node:worker_threads'
import Lambda, { type LambdaFunction } from 'serverless-offline/lambda'
import type { Serverless } from './framework.ts'

/** A handler's thread ended under an invocation. `cause` is the exception that nobody caught, if there was one. */
class HandlerEnded extends Error {
  override readonly name = 'HandlerEnded'
}

interface Invocation {
  fail(error: Error): void
}

/**
 * Invokes functions through serverless-offline's own runner: worker threads, reload and timeout are as for its HTTP
 * events. Its runner does not watch the thread, so an exception that nobody catches would end the whole process, and
 * `process.exit` in a handler would leave the invocation hanging until its timeout. Here both fail the invocation.
 */
export class Invoker {
  readonly #lambda: Lambda
  readonly #reloads: boolean
  /** The invocation in whose course a thread is started. */
  readonly #starting = new AsyncLocalStorage<LambdaFunction>()
  readonly #current = new Map<LambdaFunction, Invocation>()
  readonly #watch = (worker: Worker): void => this.#watchWorker(worker)

  /** `options` are serverless-offline's: its `custom` section and the command line. */
  constructor(serverless: Serverless, options: Readonly<Record<string, unknown>>) {
    this.#lambda = new Lambda(serverless, options)
    this.#reloads = options.reloadHandler === true
    const { service } = serverless
    this.#lambda.create(
      service
        .getAllFunctions()
        .map(key => ({ functionKey: key, functionDefinition: service.getFunction(key) })),
    )
    process.on('worker', this.#watch)
  }

  /** Resolves with what the handler returned; rejects on its error, its timeout, or the end of its thread. */
  async invoke(functionKey: string, event: unknown): Promise<unknown> {
    // Nothing may come between `get` and `runHandler`: only the latter marks the instance as busy.
    const instance = this.#lambda.get(functionKey)
    instance.setEvent(event)
    const ended = Promise.withResolvers<never>()
    // An ended thread can be told after the invocation was settled.
    ended.promise.catch(() => {})
    this.#current.set(instance, { fail: ended.reject })
    try {
      const answer = this.#starting.run(instance, () => instance.runHandler())
      return await Promise.race([answer, ended.promise])
    } finally {
      this.#current.delete(instance)
      // With `reloadHandler` the pool never gives an instance out again, but keeps its thread.
      if (this.#reloads) await instance.cleanup()
    }
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    process.off('worker', this.#watch)
    await this.#lambda.cleanup()
  }

  #watchWorker(worker: Worker): void {
    const instance = this.#starting.getStore()
    if (!instance) return
    let cause: unknown
    // This listener is also what keeps an uncaught exception of the thread from ending this process.
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', code => {
      const what =
        cause === undefined ? `ended its process with exit code ${code}` : 'let an exception escape'
      const invocation = this.#current.get(instance)
      // A timeout ends the thread too. A turn later, it has rejected the invocation with its own, better error.
      setImmediate(() => invocation?.fail(new HandlerEnded(`the handler ${what}`, { cause })))
      // Makes the instance forget the dead thread; the next invocation starts a new one.
      instance.cleanup().catch(() => {})
    })
  }
}
