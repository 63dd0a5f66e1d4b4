/** Wakes a forwarder as a schedule does, only more often, and now and then twice at once. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Signal } from '../../lib/app/topic-table.ts'
import type { PartitionStateReader, StateKey } from './count/partition-states.ts'
import type { Flow } from './flow.ts'
import type { Worker } from './workers.ts'

const WAKE_EVERY_MS = 500
/** Wait after which the next worker is woken: one may be frozen. */
const MAX_WAIT_MS = 2_000
/** Number of workers. Two, because two that run at once are to be tested. */
const MAX_AT_ONCE = 2

/** A forwarder of the service, and what it reads. */
interface Woken {
  readonly name: string
  readonly from: readonly Signal[]
  /** Whether it is now and then woken twice at once. */
  readonly isDisturbed: boolean
}

export class Forwarding {
  readonly #flow: Flow
  readonly #woken: Woken
  readonly #stateKeys: PartitionStateReader
  readonly #stop = new AbortController()
  readonly #unanswered = new Map<Worker, number>()
  /** Number of invocations that have ended. */
  #ended = 0
  readonly #running: Promise<void>

  constructor(flow: Flow, stateKeys: PartitionStateReader, woken: Woken) {
    this.#flow = flow
    this.#woken = woken
    this.#stateKeys = stateKeys
    this.#running = this.#run()
  }

  /** Resolves when all that its topics hold at the call is forwarded; false if there was no progress for `patienceMs`. */
  async caughtUp(patienceMs: number): Promise<boolean> {
    const { name: consumer, from } = this.#woken
    const wanted: { readonly stateKey: StateKey; readonly end: number }[] = []
    for (const topic of from.map(signal => this.#flow.topic(signal)))
      for (const [partition, end] of (await this.#flow.log.ends(topic)).entries())
        wanted.push({ stateKey: { consumer, topic, partition }, end })
    let [seen, movedAtMs, ended] = ['', Date.now(), this.#ended]
    for (;;) {
      const cursors = await Promise.all(wanted.map(({ stateKey }) => this.#stateKeys.cursor(stateKey)))
      if (wanted.every(({ end }, at) => (cursors[at] ?? 0) >= end)) return true
      const now = JSON.stringify(cursors)
      if (now !== seen) [seen, movedAtMs, ended] = [now, Date.now(), this.#ended]
      if (Date.now() - movedAtMs > patienceMs && this.#ended - ended > MAX_AT_ONCE) return false
      await pause(WAKE_EVERY_MS)
    }
  }

  async end(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** A worker that is slow to answer is not woken again meanwhile: each invocation at once costs it another start. */
  async #wake(worker: Worker, name: string): Promise<void> {
    const running = this.#unanswered.get(worker) ?? 0
    if (running >= MAX_AT_ONCE) return
    this.#unanswered.set(worker, running + 1)
    await worker.invoke(name, {})
    this.#ended += 1
    this.#unanswered.set(worker, (this.#unanswered.get(worker) ?? 1) - 1)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let wakes = 1; !signal.aborted; wakes += 1) {
      const { workers } = this.#flow
      const { name, isDisturbed } = this.#woken
      const isTwice = isDisturbed && wakes % 5 === 0
      const woken = isTwice ? [...workers, ...workers] : [workers[wakes % workers.length]]
      const done = Promise.all(woken.map(worker => worker && this.#wake(worker, name)))
      await Promise.race([done, pause(MAX_WAIT_MS, undefined, { signal }).catch(() => {})])
      await pause(WAKE_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }
}
