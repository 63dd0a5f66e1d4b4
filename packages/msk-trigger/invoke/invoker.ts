import { explain } from '../report/explain.ts'
import type { Report, WriteReport } from '../report/reports.ts'
import type { Log } from '../support/framework.ts'
import type { EventContent } from './event-content.ts'
import { Instance } from './instance.ts'
import { InstancePool } from './instance-pool.ts'
import type { Runtime } from './runtimes/runtime.ts'

/** The facts of a function that an invocation needs. */
export interface Invoked {
  readonly functionKey: string
  readonly functionTimeoutMs: number
}

/** Invokes functions as Lambda does. */
export interface FunctionInvoker {
  /** Rejects on its error and its timeout: the records are then delivered again. @param answerCounts false injects a timeout */
  invoke(invoked: Invoked, event: EventContent, requestId: string, answerCounts?: boolean): Promise<unknown>
  /** Ends whatever still runs. Later invocations are refused. */
  close(): Promise<void>
}

/** How the functions of a program run. */
export interface Runtimes {
  /** Makes the runtime of a function, as its definition is now. @param notice receives lines for the log */
  start(functionKey: string, notice: (line: string) => void): Runtime
  /** False if every invocation must load the handler again. */
  readonly areReused: boolean
  /** False if no timeout of a function applies. */
  readonly haveTimeouts: boolean
}

/** An injected fault. */
function tooLate(instance: Instance): never {
  instance.isBroken = true
  throw new Error('timeout: the response came too late (injected fault)')
}

/** Invokes functions that run on this machine, each in instances of its own. */
export class Invoker implements FunctionInvoker {
  readonly #runtimes: Runtimes
  readonly #log: Pick<Log, 'notice' | 'error'>
  readonly #report: WriteReport
  readonly #functions = new Map<string, InstancePool>()

  constructor(runtimes: Runtimes, log: Pick<Log, 'notice' | 'error'>, report: WriteReport = () => {}) {
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
      return answerCounts ? started : { ...started, answer: started.answer.then(() => tooLate(instance)) }
    })
  }

  /** Makes the next invocations of these functions, or of all, load them again. Running invocations are not affected. */
  async replaceInstances(functionKeys: Iterable<string> = this.#functions.keys()): Promise<void> {
    await Promise.all([...functionKeys].map(key => this.#functions.get(key)?.replace()))
  }

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
    const start = () => new Instance(this.#runtimes.start(functionKey, notice), onIdleEnd)
    const instances = new InstancePool(start, this.#runtimes.areReused)
    this.#functions.set(functionKey, instances)
    return instances
  }
}
