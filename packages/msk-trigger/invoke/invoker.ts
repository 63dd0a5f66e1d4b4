import { explainError } from '../report/explain-error.ts'
import type { Report, WriteReport } from '../report/reports.ts'
import type { Log } from '../support/serverless.ts'
import type { EventContent } from './event-content.ts'
import { Instance } from './instance.ts'
import { InstancePool } from './instance-pool.ts'
import type { Runtime } from './runtimes/runtime.ts'

/** Properties of a function that an invocation needs. */
export interface Invoked {
  readonly functionKey: string
  readonly functionTimeoutMs: number
}

/** Invokes functions in the same way as Lambda. */
export interface FunctionInvoker {
  /**
   * Invokes a function. Rejects on an error or a timeout; the caller then delivers the records again.
   *
   * @param answerCounts false to simulate a timeout
   */
  invoke(invoked: Invoked, event: EventContent, requestId: string, answerCounts?: boolean): Promise<unknown>
  /** Ends all running invocations. Later invocations are rejected. */
  close(): Promise<void>
}

/** Starts runtimes for the functions of a program. */
export interface Runtimes {
  /** Starts the runtime of a function with its current definition. */
  start(functionKey: string): Runtime
  /** True if invocations are limited by the timeouts of their functions. */
  readonly haveTimeouts: boolean
}

/** Simulates a timeout for an injected fault. */
function failAsTimeout(instance: Instance): never {
  instance.isBroken = true
  throw new Error('timeout: the response came too late (injected fault)')
}

/** Invokes functions on this machine. Each function has separate instances. */
export class Invoker implements FunctionInvoker {
  readonly #runtimes: Runtimes
  readonly #log: Pick<Log, 'error'>
  readonly #report: WriteReport
  readonly #functions = new Map<string, InstancePool>()

  constructor(runtimes: Runtimes, log: Pick<Log, 'error'>, report: WriteReport = () => {}) {
    this.#runtimes = runtimes
    this.#log = log
    this.#report = report
  }

  async invoke(
    { functionKey, functionTimeoutMs }: Invoked,
    event: EventContent,
    requestId: string,
    answerCounts = true,
  ): Promise<unknown> {
    const timeoutMs = this.#runtimes.haveTimeouts ? functionTimeoutMs : Number.POSITIVE_INFINITY
    const invocation = { event, requestId, timeoutMs }
    return this.#instances(functionKey).run((instance, onBegun) => {
      const started = instance.invoke(invocation, onBegun)
      return answerCounts
        ? started
        : { ...started, answer: started.answer.then(() => failAsTimeout(instance)) }
    })
  }

  /**
   * Makes the next invocations of these functions (by default, of all functions) load their code again. Running invocations are not
   * affected.
   */
  async replaceInstances(functionKeys: Iterable<string> = this.#functions.keys()): Promise<void> {
    await Promise.all([...functionKeys].map(key => this.#functions.get(key)?.replace()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#functions.values()].map(instances => instances.close()))
  }

  #instances(functionKey: string): InstancePool {
    const existingPool = this.#functions.get(functionKey)
    if (existingPool) return existingPool
    const onIdleEnd = (error: Error) => {
      const reason = `after it had responded, ${explainError(error)}`
      const report: Report = { function: functionKey, report: 'ended', reason }
      this.#log.error(`msk  ${functionKey}  ${reason}`)
      this.#report(JSON.stringify(report))
    }
    const start = () => new Instance(this.#runtimes.start(functionKey), onIdleEnd)
    const instances = new InstancePool(start)
    this.#functions.set(functionKey, instances)
    return instances
  }
}
