import process from 'node:process'
import { explain } from './explain.ts'
import type { Log, Serverless } from './framework.ts'
import { Instance, watchThread } from './instance.ts'
import { Instances } from './instances.ts'
import type { Report, WriteReport } from './reports.ts'

/** What is needed to know of a function in order to invoke it. */
export interface Invoked {
  readonly functionKey: string
  readonly functionTimeoutMs: number
}

/** Invokes functions as serverless-offline does for its own events: in threads, or as its options say. */
export class Invoker {
  readonly #serverless: Serverless
  readonly #options: Readonly<Record<string, unknown>>
  readonly #log: Pick<Log, 'error'>
  readonly #report: WriteReport
  readonly #functions = new Map<string, Instances>()

  /** `options` are serverless-offline's: its `custom` section and the command line. */
  constructor(
    serverless: Serverless,
    options: Readonly<Record<string, unknown>>,
    log: Pick<Log, 'error'>,
    report: WriteReport = () => {},
  ) {
    this.#log = log
    this.#report = report
    this.#serverless = serverless
    this.#options = options
    process.on('worker', watchThread)
  }

  /**
   * Resolves with what the handler returned; rejects on its error, its timeout, or the end of its thread.
   *
   * @param answerCounts false for a test: a handler that succeeds has timed out nevertheless.
   */
  async invoke(
    { functionKey, functionTimeoutMs }: Invoked,
    event: unknown,
    answerCounts = true,
  ): Promise<unknown> {
    const instances = this.#instances(functionKey)
    const instance = await instances.take()
    const timeoutMs = this.#options.noTimeout ? Number.POSITIVE_INFINITY : functionTimeoutMs
    try {
      const answer = await instance.invoke(event, timeoutMs)
      if (answerCounts) return answer
      instance.isBroken = true
      throw new Error('timeout: the answer came too late, as a test has asked for')
    } finally {
      await instances.give(instance)
    }
  }

  /**
   * The next invocations of these functions, or of all, load them anew; those that run are not disturbed. To be called once
   * the definition or the code of a function has changed.
   */
  async replaceInstances(functionKeys: Iterable<string> = this.#functions.keys()): Promise<void> {
    await Promise.all([...functionKeys].map(key => this.#functions.get(key)?.replace()))
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    await Promise.all([...this.#functions.values()].map(instances => instances.close()))
    process.off('worker', watchThread)
  }

  #instances(functionKey: string): Instances {
    const known = this.#functions.get(functionKey)
    if (known) return known
    const onIdleEnd = (error: Error) => {
      const reason = `after it had answered, ${explain(error)}`
      const report: Report = { function: functionKey, report: 'ended', reason }
      this.#log.error(`msk  ${functionKey}  ${reason}`)
      this.#report(JSON.stringify(report))
    }
    const start = () => new Instance(this.#serverless, this.#options, functionKey, onIdleEnd)
    const instances = new Instances(start, this.#options.reloadHandler !== true)
    this.#functions.set(functionKey, instances)
    return instances
  }
}
