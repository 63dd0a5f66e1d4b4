import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { Instance, Started } from './instance.ts'
import { startInstanceAtMs } from './instance-start.ts'
import { NotBegun } from './runtimes/runtime.ts'

type PooledInstance = Pick<Instance, 'isBroken' | 'isComputing' | 'isLoading' | 'hasRoom' | 'close'>

/** Time after which an idle instance is ended if the function has other instances, in milliseconds. */
const IDLE_MS = 30_000

/**
 * Starts an invocation on an instance. If the instance is busy, the invocation waits there.
 *
 * @param onBegun called when the instance begins the invocation
 */
type Start<I> = (instance: I, onBegun: () => void) => Started

interface Caller<I> {
  readonly sinceMs: number
  /**
   * Start of the time after which the caller gets another instance: `sinceMs`, or the time at which it began to wait at an
   * instance.
   */
  patientSinceMs: number
  readonly start: Start<I>
  readonly outcome: PromiseWithResolvers<unknown>
  /** Instance at which the invocation runs or waits. */
  at: Started | undefined
}

/**
 * Instances of one function. The most recently used instance is preferred, and a caller first waits briefly at a busy one. Each
 * thread costs tens of megabytes, and starting one costs as much as hundreds of invocations. A caller that has waited too long is
 * moved to another instance.
 */
export class InstancePool<I extends PooledInstance = Instance> {
  readonly #start: () => I
  readonly #all = new Set<I>()
  /** Instances that were replaced during an invocation. Each is ended after this invocation. */
  readonly #replaced = new Set<I>()
  /** Idle instances in the order of their last use. Each has a timer that ends the instance. */
  readonly #idle = new Map<I, NodeJS.Timeout>()
  /** Callers whose invocations run or wait at an instance, by instance. */
  readonly #callers = new Map<I, Set<Caller<I>>>()
  /** Callers whose invocation has not begun. */
  readonly #waiting = new WaitingList<Caller<I>>()
  /** Time since which callers have been waiting without a break, and the utilization of this thread at that time. */
  #backlog: { readonly sinceMs: number; readonly use: EventLoopUtilization } | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = 0
  #isClosed = false

  constructor(start: () => I) {
    this.#start = start
  }

  /**
   * Runs an invocation on an instance, and ends the instance if it is broken.
   *
   * @param start starts the invocation. May be called again as long as the invocation has not begun.
   */
  run(start: Start<I>): Promise<unknown> {
    const outcome = Promise.withResolvers<unknown>()
    const sinceMs = performance.now()
    this.#waiting.add({ sinceMs, patientSinceMs: sinceMs, start, outcome, at: undefined })
    this.#serve()
    return outcome.promise
  }

  /** Replaces all instances, so that later invocations use new ones. Running invocations finish on their old instance. */
  async replace(): Promise<void> {
    const idle: I[] = []
    for (let last = this.#popIdle(); last; last = this.#popIdle()) idle.push(last)
    for (const instance of this.#all) if (!idle.includes(instance)) this.#replaced.add(instance)
    this.#all.clear()
    for (const caller of this.#waiting.all) this.#takeBack(caller)
    this.#serve()
    await Promise.all(idle.map(instance => instance.close()))
  }

  /** Ends all instances, even during an invocation, and rejects the waiting callers. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#serve()
    await Promise.all([...this.#all, ...this.#replaced].map(instance => instance.close()))
  }

  /**
   * Serves waiting callers in order. Each gets an idle instance if there is one, otherwise a new one, immediately or after a delay.
   */
  #serve(): void {
    if (this.#isClosed) {
      clearTimeout(this.#timer)
      for (const caller of this.#waiting.all) this.#refuse(caller, new Error('the trigger has stopped'))
      return
    }
    for (const caller of this.#waiting.all) if (!this.#place(caller)) break
    const { first } = this.#waiting
    if (!first) {
      this.#backlog = undefined
      return
    }
    this.#backlog ??= { sinceMs: performance.now(), use: performance.eventLoopUtilization() }
    this.#setTimer(this.#startAtMs(first))
  }

  /**
   * Sets the timer. An earlier time replaces a later one, because a caller waits longer while the handler is being loaded than
   * afterwards.
   */
  #setTimer(atMs: number): void {
    if (this.#timer && this.#timerAtMs <= atMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    // If this thread was busy, responses may already have arrived. Handle them before the timer's callback.
    this.#timer = setTimeout(() => setImmediate(() => this.#startIfDue()), atMs - performance.now())
  }

  /** Assigns an instance to a caller. Returns false if this caller and all later ones must wait. */
  #place(caller: Caller<I>): boolean {
    const idle = this.#free()
    if (idle) {
      if (this.#takeBack(caller)) this.#run(caller, idle)
      else this.#rest(idle)
      return true
    }
    if (caller.at) return true
    if (this.#all.size === 0) {
      this.#startFor(caller)
      return true
    }
    const shortest = this.#shortestLine()
    if (shortest) this.#hand(caller, shortest)
    return shortest !== undefined
  }

  #startIfDue(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { first } = this.#waiting
    if (first && this.#startAtMs(first) <= performance.now() && this.#takeBack(first)) {
      this.#backlog = undefined
      this.#startFor(first)
    }
    this.#serve()
  }

  #startAtMs({ patientSinceMs: sinceMs }: Caller<I>): number {
    const { sinceMs: backlogSinceMs, use } = this.#backlog ?? { sinceMs, use: undefined }
    const isComputing = performance.eventLoopUtilization(use).utilization > 0.5
    const threads = [...this.#all, { isComputing }]
    return startInstanceAtMs({ sinceMs, backlogSinceMs }, threads)
  }

  /** Returns the most recently used idle instance. Instances whose thread has ended while idle are skipped. */
  #free(): I | undefined {
    for (let last = this.#popIdle(); last; last = this.#popIdle()) {
      if (!last.isBroken) return last
      this.#all.delete(last)
    }
    return undefined
  }

  #popIdle(): I | undefined {
    const last = [...this.#idle].at(-1)
    if (!last) return undefined
    const [instance, timer] = last
    clearTimeout(timer)
    this.#idle.delete(instance)
    return instance
  }

  #rest(instance: I): void {
    const end = () => {
      if (this.#all.size === 1) return
      this.#idle.delete(instance)
      this.#all.delete(instance)
      void instance.close()
    }
    this.#idle.set(instance, setTimeout(end, IDLE_MS).unref())
  }

  #shortestLine(): I | undefined {
    const open = [...this.#all].filter(instance => instance.hasRoom)
    const length = (instance: I) => this.#callers.get(instance)?.size ?? 0
    return open.sort((a, b) => length(a) - length(b))[0]
  }

  /** Starts an instance for a caller. If this fails, only this caller is rejected; the code that serves it is not affected. */
  #startFor(caller: Caller<I>): void {
    try {
      const instance = this.#start()
      this.#all.add(instance)
      this.#run(caller, instance)
    } catch (error) {
      this.#refuse(caller, error)
    }
  }

  #refuse(caller: Caller<I>, error: unknown): void {
    this.#waiting.remove(caller)
    caller.outcome.reject(error)
  }

  #run(caller: Caller<I>, instance: I): void {
    this.#waiting.remove(caller)
    this.#hand(caller, instance)
  }

  #hand(caller: Caller<I>, instance: I): void {
    const callers = this.#callers.get(instance) ?? new Set()
    this.#callers.set(instance, callers.add(caller))
    let at: Started | undefined
    at = caller.start(instance, () => {
      // The invocation was taken back a moment ago, and may already wait at another instance.
      if (caller.at !== at) return
      this.#waiting.remove(caller)
      this.#serve()
    })
    caller.at = at
    caller.patientSinceMs = performance.now()
    const settle = async (of: () => void) => {
      // A broken instance does not report which invocations have begun.
      this.#waiting.remove(caller)
      await this.#release(caller, instance)
      of()
    }
    at.answer.then(
      answer => settle(() => caller.outcome.resolve(answer)),
      error => {
        if (!(error instanceof NotBegun)) return settle(() => caller.outcome.reject(error))
        // The caller has not failed. It is served again, before callers that arrived later. A caller whose invocation was taken
        // back is already in the list.
        if (caller.at === at) {
          caller.at = undefined
          this.#waiting.add(caller)
        }
        return this.#release(caller, instance)
      },
    )
  }

  /** Takes back the caller's invocation from its instance. Returns true if the caller is no longer at an instance. */
  #takeBack(caller: Caller<I>): boolean {
    if (caller.at && !caller.at.takeBack()) return false
    caller.at = undefined
    return true
  }

  async #release(caller: Caller<I>, instance: I): Promise<void> {
    const callers = this.#callers.get(instance)
    callers?.delete(caller)
    const isKept = !instance.isBroken && !this.#replaced.has(instance)
    if (!isKept) this.#all.delete(instance)
    const isIdle = callers?.size === 0
    if (isIdle) {
      this.#callers.delete(instance)
      this.#replaced.delete(instance)
      if (isKept) this.#rest(instance)
    }
    this.#serve()
    if (isIdle && !isKept) await instance.close()
  }
}

/** Waiting callers in the order in which they arrived. */
class WaitingList<Item extends { readonly sinceMs: number }> {
  readonly #items: Item[] = []

  get first(): Item | undefined {
    return this.#items[0]
  }

  /** Copy of the list, which does not change when items are added or removed. */
  get all(): readonly Item[] {
    return [...this.#items]
  }

  /** Inserts an item behind all items that have waited at least as long, unless it is already in the list. */
  add(item: Item): void {
    if (this.#items.includes(item)) return
    const later = this.#items.findIndex(({ sinceMs }) => sinceMs > item.sinceMs)
    this.#items.splice(later < 0 ? this.#items.length : later, 0, item)
  }

  remove(item: Item): void {
    const index = this.#items.indexOf(item)
    if (index >= 0) this.#items.splice(index, 1)
  }
}
