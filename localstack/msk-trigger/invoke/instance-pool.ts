import { availableParallelism } from 'node:os'
import type { Instance } from './instance.ts'

/**
 * A new instance is started when a caller has waited this long. Starting one takes longer, some hundreds of
 * milliseconds of a processor, which slows down its own caller and all others.
 */
const PATIENCE_MS = 100

/** The same limit when all processors are busy: another thread would only slow down the others. */
const PATIENCE_WITHOUT_PROCESSOR_MS = 200

/** A new instance is also started when the queue has been non-empty for this long and a processor is idle. */
const BACKLOG_MS = 1_000

/** Threads that can run at once. The main thread is not counted: it waits for them as often as they wait for it. */
const PROCESSORS = availableParallelism()

/** The part of an instance that the pool uses. */
type PooledInstance = Pick<Instance, 'isBroken' | 'isComputing' | 'close'>

interface Waiter<I> {
  readonly sinceMs: number
  readonly take: (instance: I) => void
  readonly refuse: (error: unknown) => void
}

/**
 * The instances of one function. The most recently used one is taken first, and callers wait a moment for a busy one,
 * so that few threads serve a quick handler. Each thread costs tens of megabytes, and starting one takes as long as
 * hundreds of invocations.
 */
export class InstancePool<I extends PooledInstance = Instance> {
  readonly #start: () => I
  readonly #areReused: boolean
  readonly #all = new Set<I>()
  /** Instances that were replaced during an invocation. They end with it. */
  readonly #replaced = new Set<I>()
  readonly #idle: I[] = []
  readonly #waiting: Waiter<I>[] = []
  /** Since when the queue has been non-empty. */
  #backlogSinceMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  /** @param areReused false if every invocation must load the handler again. */
  constructor(start: () => I, areReused: boolean) {
    this.#start = start
    this.#areReused = areReused
  }

  /**
   * Returns an instance for one invocation. The caller must release it.
   *
   * @throws what starting an instance throws, and after `close`
   */
  acquire(): Promise<I> {
    return new Promise((take, refuse) => {
      this.#waiting.push({ sinceMs: performance.now(), take, refuse })
      this.#serve()
    })
  }

  async release(instance: I): Promise<void> {
    const isReplaced = this.#replaced.delete(instance)
    const isKept = this.#areReused && !instance.isBroken && !isReplaced
    if (isKept) this.#idle.push(instance)
    else this.#all.delete(instance)
    this.#serve()
    if (!isKept) await instance.close()
  }

  /** Later invocations get new instances. Running invocations finish on the instance on which they started. */
  async replace(): Promise<void> {
    const idle = this.#idle.splice(0)
    for (const instance of this.#all) if (!idle.includes(instance)) this.#replaced.add(instance)
    this.#all.clear()
    this.#serve()
    await Promise.all(idle.map(instance => instance.close()))
  }

  /** Ends all instances, also during an invocation, and refuses whoever waits for one. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#serve()
    await Promise.all([...this.#all, ...this.#replaced].map(instance => instance.close()))
  }

  /** Serves waiting callers in order: with an idle instance, or else with a new one, immediately or after a while. */
  #serve(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) {
      for (const { refuse } of this.#waiting.splice(0)) refuse(new Error('the trigger has stopped'))
      return
    }
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const instance = this.#free()
      if (!instance && this.#areReused && this.#all.size > 0) {
        this.#backlogSinceMs ??= performance.now()
        // If this thread was busy, responses may already have arrived: handle them before acting on the timer.
        this.#timer = setTimeout(() => setImmediate(() => this.#startIfDue()), this.#waitMs(first))
        return
      }
      this.#waiting.shift()
      if (instance) first.take(instance)
      else this.#startFor(first)
    }
    this.#backlogSinceMs = undefined
  }

  #startIfDue(): void {
    const first = this.#waiting[0]
    if (first && this.#waitMs(first) <= 0) {
      this.#waiting.shift()
      this.#backlogSinceMs = undefined
      this.#startFor(first)
    }
    this.#serve()
  }

  #waitMs({ sinceMs }: Waiter<I>): number {
    const backlogSinceMs = this.#backlogSinceMs ?? sinceMs
    return startInstanceAtMs({ sinceMs, backlogSinceMs }, this.#all) - performance.now()
  }

  /** The most recently used idle instance. A thread can end while idle. */
  #free(): I | undefined {
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (!last.isBroken) return last
      this.#all.delete(last)
    }
    return undefined
  }

  /** If none can be started, that concerns only this caller, and not the release or the timer that serves it. */
  #startFor({ take, refuse }: Waiter<I>): void {
    try {
      const instance = this.#start()
      this.#all.add(instance)
      take(instance)
    } catch (error) {
      refuse(error)
    }
  }
}

/**
 * Returns when a new instance is started for a caller that waits for a busy one.
 *
 * @param waiting since when this caller has waited, and since when the queue has been non-empty.
 */
export function startInstanceAtMs(
  { sinceMs, backlogSinceMs }: { readonly sinceMs: number; readonly backlogSinceMs: number },
  instances: Iterable<Pick<PooledInstance, 'isComputing'>>,
  processors = PROCESSORS,
): number {
  const computing = [...instances].filter(instance => instance.isComputing).length
  return computing < processors
    ? Math.min(sinceMs + PATIENCE_MS, backlogSinceMs + BACKLOG_MS)
    : sinceMs + PATIENCE_WITHOUT_PROCESSOR_MS
}
