/** Invokes functions by the emulator's Invoke, as the pollers of event source mappings do. */
import { Semaphore } from '../../../packages/msk-trigger/deliver/semaphore.ts'
import type { EventContent } from '../../../packages/msk-trigger/invoke/event-content.ts'
import type { FunctionInvoker, Invoked } from '../../../packages/msk-trigger/invoke/invoker.ts'

/** Each instance is a process of Node: more than a small machine has processors for would only slow down the others. */
const INSTANCES = 2

/** Beside its own time, a function may take this long to start: on a busy machine, Node and its modules need half a minute. */
const START_MS = 120_000

export class EmulatorInvoker implements FunctionInvoker {
  readonly #endpoint: string
  readonly #prefix: string
  readonly #closing = new AbortController()
  readonly #permits = new Map<string, Semaphore>()
  /** Invocations that the function has answered, by function. */
  readonly answered = new Map<string, number>()
  /** Invocations that failed, by function. */
  readonly failed = new Map<string, number>()

  /** @param prefix of the names of the functions: `sluice-dev-` */
  constructor(endpoint: string, prefix: string) {
    this.#endpoint = endpoint
    this.#prefix = prefix
  }

  async invoke({ functionKey, functionTimeoutMs }: Invoked, event: EventContent): Promise<unknown> {
    const permits = this.#permits.get(functionKey) ?? new Semaphore(INSTANCES)
    this.#permits.set(functionKey, permits)
    await permits.acquire()
    try {
      const answer = await this.#send(functionKey, event.json(), functionTimeoutMs + START_MS)
      count(this.answered, functionKey)
      return answer
    } catch (error) {
      count(this.failed, functionKey)
      throw error
    } finally {
      permits.release()
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  async #send(functionKey: string, body: string, withinMs: number): Promise<unknown> {
    const url = `${this.#endpoint}/2015-03-31/functions/${this.#prefix}${functionKey}/invocations`
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(withinMs)])
    const response = await fetch(url, { method: 'POST', body, signal })
    const text = await response.text()
    const error = response.headers.get('x-amz-function-error')
    if (response.ok && error === null) return text === '' ? null : JSON.parse(text)
    throw new Error(`${functionKey}: ${error ?? `status ${response.status}`}: ${text.slice(0, 500)}`)
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
