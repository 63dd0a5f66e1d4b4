import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { Instance, Started } from './instance.ts'
import { startInstanceAtMs } from './patience.ts'
import { NotBegun } from './runtimes/runtime.ts'

type PooledInstance = Pick<Instance, 'isBroken' | 'isComputing' | 'isLoading' | 'hasRoom' | 'close'>

/** An idle instance ends after this time, if there is another one. */
const IDLE_MS = 30_000

/** Starts an invocation on an instance, which may be busy: then it waits there. @param onBegun to be called when it runs */
type Start<I> = (instance: I, onBegun: () => void) => Started

interface Caller<I> {
  readonly sinceMs: number
  /** The same, or since when it has been in line. */
  patientSinceMs: number
  readonly start: Start<I>
  readonly outcome: PromiseWithResolvers<unknown>
  /** Assigned instance, running or in line. */
  at: Started | undefined
}

/**
 * The instances of one function. The most recently used one is taken first, and callers wait in line a moment, because each thread costs tens
 * of megabytes and its start as much as hundreds of invocations. A caller that has waited too long is taken back.
 */
export class InstancePool<I extends PooledInstance = Instance> {
  readonly #start: () => I
  readonly #areReused: boolean
  readonly #all = new Set<I>()
  /** Instances that were replaced during an invocation. They end with it. */
  readonly #replaced = new Set<I>()
  /** The most recently used one is last. Each has a timer that ends it. */
  readonly #idle = new Map<I, NodeJS.Timeout>()
  /** The callers at each instance, running or in line. */
  readonly #callers = new Map<I, Set<Caller<I>>>()
  /** Callers whose invocation has not begun. */
  readonly #waiting = new WaitingList<Caller<I>>()
  /** Since when the queue has been non-empty, and what this thread had done by then. */
  #backlog: { readonly sinceMs: number; readonly use: EventLoopUtilization } | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = 0
  #isClosed = false

  /** @param areReused false if every invocation must load the handler again. */
  constructor(start: () => I, areReused: boolean) {
    this.#start = start
    this.#areReused = areReused
  }

  /** Runs an invocation on an instance, and ends that if it is broken. @param start may be called again if it has not begun */
  run(start: Start<I>): Promise<unknown> {
    const outcome = Promise.withResolvers<unknown>()
    const sinceMs = performance.now()
    this.#waiting.add({ sinceMs, patientSinceMs: sinceMs, start, outcome, at: undefined })
    this.#serve()
    return outcome.promise
  }

  /** Later invocations get new instances. Running invocations finish on the instance on which they started. */
  async replace(): Promise<void> {
    const idle: I[] = []
    for (let last = this.#popIdle(); last; last = this.#popIdle()) idle.push(last)
    for (const instance of this.#all) if (!idle.includes(instance)) this.#replaced.add(instance)
    this.#all.clear()
    for (const caller of this.#waiting.all) this.#takeBack(caller)
    this.#serve()
    await Promise.all(idle.map(instance => instance.close()))
  }

  /** Ends all instances, also during an invocation, and refuses the callers that wait for one. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#serve()
    await Promise.all([...this.#all, ...this.#replaced].map(instance => instance.close()))
  }

  /** Serves waiting callers in order: with an idle instance, or else with a new one, immediately or after a while. */
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

  /** An earlier one replaces a later one: a caller waits longer while a handler is loaded than afterwards. */
  #setTimer(atMs: number): void {
    if (this.#timer && this.#timerAtMs <= atMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    // If this thread was busy, responses may already have arrived: handle them before acting on the timer.
    this.#timer = setTimeout(() => setImmediate(() => this.#startIfDue()), atMs - performance.now())
  }

  /** Returns false if this caller must wait here, and so must those after it. */
  #place(caller: Caller<I>): boolean {
    const idle = this.#free()
    if (idle) {
      if (this.#takeBack(caller)) this.#run(caller, idle)
      else this.#rest(idle)
      return true
    }
    if (caller.at) return true
    if (!this.#areReused || this.#all.size === 0) {
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

  /** The most recently used idle instance. A thread can end while idle. */
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
    const open = this.#areReused ? [...this.#all].filter(instance => instance.hasRoom) : []
    const length = (instance: I) => this.#callers.get(instance)?.size ?? 0
    return open.sort((a, b) => length(a) - length(b))[0]
  }

  /** If none can be started, that concerns only this caller, and not the release or the timer that serves it. */
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
      // One that was taken back a moment ago may wait for another instance already.
      if (caller.at !== at) return
      this.#waiting.remove(caller)
      this.#serve()
    })
    caller.at = at
    caller.patientSinceMs = performance.now()
    const settle = async (of: () => void) => {
      // A broken instance no longer reports its callers as begun.
      this.#waiting.remove(caller)
      await this.#release(caller, instance)
      of()
    }
    at.answer.then(
      answer => settle(() => caller.outcome.resolve(answer)),
      error => {
        if (!(error instanceof NotBegun)) return settle(() => caller.outcome.reject(error))
        // The caller has not failed, so it is served again, before later ones. A caller that was taken back is already in line.
        if (caller.at === at) {
          caller.at = undefined
          this.#waiting.add(caller)
        }
        return this.#release(caller, instance)
      },
    )
  }

  /** Whether this caller is not at an instance, or not any more. */
  #takeBack(caller: Caller<I>): boolean {
    if (caller.at && !caller.at.takeBack()) return false
    caller.at = undefined
    return true
  }

  async #release(caller: Caller<I>, instance: I): Promise<void> {
    const callers = this.#callers.get(instance)
    callers?.delete(caller)
    const isKept = this.#areReused && !instance.isBroken && !this.#replaced.has(instance)
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

/** Waiting callers in the order of arrival. */
class WaitingList<Item extends { readonly sinceMs: number }> {
  readonly #items: Item[] = []

  get first(): Item | undefined {
    return this.#items[0]
  }

  /** A copy, which stays the same while items are added and removed. */
  get all(): readonly Item[] {
    return [...this.#items]
  }

  /** Behind all that have waited as long, unless it is here. */
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
