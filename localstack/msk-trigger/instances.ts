import { availableParallelism } from 'node:os'
import type { Instance } from './instance.ts'

/**
 * A new instance is started when none became free for so long. Its start takes longer, some hundreds of milliseconds of a
 * processor: whoever is given it waits for that, and all the others beside it.
 */
const PATIENCE_MS = 100

/** The same where every processor has work: one more thread would only slow down the others. */
const PATIENCE_WITHOUT_PROCESSOR_MS = 200

/** It is started as well when for so long somebody has always been waiting, and a processor has no work. */
const BACKLOG_MS = 1_000

/** The threads that can have work at once: this one waits for them as often as they for it. */
const PROCESSORS = availableParallelism()

/** What an instance is to those that hand it out. */
type Lent = Pick<Instance, 'isBroken' | 'isComputing' | 'close'>

interface Waiter<I> {
  readonly sinceMs: number
  readonly take: (instance: I) => void
}

/**
 * The instances of one function. The one that ran last is taken first and a busy one is waited for a moment, so that few
 * threads serve a quick handler: each costs tens of megabytes, and its start the time of hundreds of invocations.
 */
export class Instances<I extends Lent = Instance> {
  readonly #start: () => I
  readonly #areReused: boolean
  readonly #all = new Set<I>()
  /** Replaced while they had an invocation: they end with it. */
  readonly #replaced = new Set<I>()
  readonly #idle: I[] = []
  readonly #waiting: Waiter<I>[] = []
  /** Since when always somebody has waited. */
  #backlogSinceMs: number | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param areReused false where every invocation is to load the handler anew. */
  constructor(start: () => I, areReused: boolean) {
    this.#start = start
    this.#areReused = areReused
  }

  /** An instance for one invocation. Give it back. */
  take(): Promise<I> {
    return new Promise(take => {
      this.#waiting.push({ sinceMs: performance.now(), take })
      this.#serve()
    })
  }

  async give(instance: I): Promise<void> {
    const isReplaced = this.#replaced.delete(instance)
    const isKept = this.#areReused && !instance.isBroken && !isReplaced
    if (isKept) this.#idle.push(instance)
    else this.#all.delete(instance)
    this.#serve()
    if (!isKept) await instance.close()
  }

  /** From now on invocations get new instances. Those that run end on the instance that they began on. */
  async replace(): Promise<void> {
    const idle = this.#idle.splice(0)
    for (const instance of this.#all) if (!idle.includes(instance)) this.#replaced.add(instance)
    this.#all.clear()
    this.#serve()
    await Promise.all(idle.map(instance => instance.close()))
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await Promise.all([...this.#all, ...this.#replaced].map(instance => instance.close()))
  }

  /** Serves those that wait, in their order: with what is free, or else with a new one, at once or after a while. */
  #serve(): void {
    clearTimeout(this.#timer)
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const instance = this.#free() ?? (this.#areReused && this.#all.size > 0 ? undefined : this.#new())
      if (!instance) {
        this.#backlogSinceMs ??= performance.now()
        // Where this thread was busy, answers may be there already: they are heard before the timer is believed.
        this.#timer = setTimeout(() => setImmediate(() => this.#startIfDue()), this.#waitMs(first))
        return
      }
      this.#waiting.shift()
      first.take(instance)
    }
    this.#backlogSinceMs = undefined
  }

  #startIfDue(): void {
    const first = this.#waiting[0]
    if (first && this.#waitMs(first) <= 0) {
      this.#waiting.shift()
      this.#backlogSinceMs = undefined
      first.take(this.#new())
    }
    this.#serve()
  }

  #waitMs({ sinceMs }: Waiter<I>): number {
    const backlogSinceMs = this.#backlogSinceMs ?? sinceMs
    return startsAtMs({ sinceMs, backlogSinceMs }, this.#all) - performance.now()
  }

  /** The one that ran last. A thread can end while it is idle. */
  #free(): I | undefined {
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (!last.isBroken) return last
      this.#all.delete(last)
    }
    return undefined
  }

  #new(): I {
    const instance = this.#start()
    this.#all.add(instance)
    return instance
  }
}

/**
 * When a new instance is started for an invocation that waits for a busy one.
 *
 * @param waiting since when it waits, and since when always somebody has waited.
 */
export function startsAtMs(
  { sinceMs, backlogSinceMs }: { readonly sinceMs: number; readonly backlogSinceMs: number },
  instances: Iterable<Pick<Lent, 'isComputing'>>,
  processors = PROCESSORS,
): number {
  const computing = [...instances].filter(instance => instance.isComputing).length
  return computing < processors
    ? Math.min(sinceMs + PATIENCE_MS, backlogSinceMs + BACKLOG_MS)
    : sinceMs + PATIENCE_WITHOUT_PROCESSOR_MS
}
