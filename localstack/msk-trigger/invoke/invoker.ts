import { explain } from '../report/explain.ts'
import type { Report, WriteReport } from '../report/reports.ts'
import type { Log, Serverless } from '../support/framework.ts'
import { Instance } from './instance.ts'
import { InstancePool } from './instance-pool.ts'
import { startRuntime } from './runtimes/start-runtime.ts'

/** What the invoker needs to know about a function. */
export interface Invoked {
  readonly functionKey: string
  readonly functionTimeoutMs: number
}

/** Invokes functions as Lambda does. */
export class Invoker {
  readonly #serverless: Serverless
  readonly #options: Readonly<Record<string, unknown>>
  readonly #log: Pick<Log, 'notice' | 'error'>
  readonly #report: WriteReport
  readonly #functions = new Map<string, InstancePool>()

  /** `options` are serverless-offline's: its `custom` section and the command line. */
  constructor(
    serverless: Serverless,
    options: Readonly<Record<string, unknown>>,
    log: Pick<Log, 'notice' | 'error'>,
    report: WriteReport = () => {},
  ) {
    this.#log = log
    this.#report = report
    this.#serverless = serverless
    this.#options = options
  }

  /**
   * Resolves with the handler's return value. Rejects on its error, its timeout, or the end of its thread.
   *
   * @param event as JSON
   * @param answerCounts false to inject a fault: a handler that succeeds has timed out nevertheless.
   */
  async invoke(
    { functionKey, functionTimeoutMs }: Invoked,
    event: string,
    answerCounts = true,
  ): Promise<unknown> {
    const instances = this.#instances(functionKey)
    const instance = await instances.acquire()
    const timeoutMs = this.#options.noTimeout ? Number.POSITIVE_INFINITY : functionTimeoutMs
    try {
      const answer = await instance.invoke(event, timeoutMs)
      if (answerCounts) return answer
      instance.isBroken = true
      throw new Error('timeout: the response came too late (injected fault)')
    } finally {
      await instances.release(instance)
    }
  }

  /**
   * Makes the next invocations of these functions, or of all, load them again. Running invocations are not affected.
   * Call this after the definition or the code of a function has changed.
   */
  async replaceInstances(functionKeys: Iterable<string> = this.#functions.keys()): Promise<void> {
    await Promise.all([...functionKeys].map(key => this.#functions.get(key)?.replace()))
  }

  /** Terminates all threads. */
  async close(): Promise<void> {
    await Promise.all([...this.#functions.values()].map(instances => instances.close()))
  }

  #instances(functionKey: string): InstancePool {
    const known = this.#functions.get(functionKey)
    if (known) return known
    const onIdleEnd = (error: Error) => {
      const reason = `after it had responded, ${explain(error)}`
      const report: Report = { function: functionKey, report: 'ended', reason }
      this.#log.error(`msk  ${functionKey}  ${reason}`)
      this.#report(JSON.stringify(report))
    }
    const said = new Set<string>()
    const notice = (line: string) => {
      if (!said.has(line)) this.#log.notice(`msk  ${functionKey}  ${line}`)
      said.add(line)
    }
    const start = () =>
      new Instance(startRuntime(this.#serverless, this.#options, functionKey, notice), onIdleEnd)
    const instances = new InstancePool(start, this.#options.reloadHandler !== true)
    this.#functions.set(functionKey, instances)
    return instances
  }
}
