/** Wakes the forwarder as a schedule does, only more often, and now and then twice at once. */
import { setTimeout as pause } from 'node:timers/promises'
import type { PartitionStateReader } from './count/partition-states.ts'
import type { Flow } from './flow.ts'

const WAKE_EVERY_MS = 500
/** A worker may stand still: the next one is woken meanwhile. */
const LONGEST_WAIT_MS = 2_000

export class Forwarding {
  readonly #flow: Flow
  readonly #stateKeys: PartitionStateReader
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(flow: Flow, stateKeys: PartitionStateReader, isDisturbed: boolean) {
    this.#flow = flow
    this.#stateKeys = stateKeys
    this.#running = this.#run(isDisturbed)
  }

  /** Resolves when all events at the call are forwarded; false if there was no progress for `patienceMs`. */
  async caughtUp(patienceMs: number): Promise<boolean> {
    const topic = this.#flow.topic('events')
    const ends = await this.#flow.log.ends(topic)
    let [seen, movedAtMs] = ['', Date.now()]
    for (;;) {
      const cursors = await Promise.all(
        ends.map((_, partition) => this.#stateKeys.cursor({ consumer: 'forwarding', topic, partition })),
      )
      if (ends.every((end, partition) => (cursors[partition] ?? 0) >= end)) return true
      if (JSON.stringify(cursors) !== seen) [seen, movedAtMs] = [JSON.stringify(cursors), Date.now()]
      if (Date.now() - movedAtMs > patienceMs) return false
      await pause(WAKE_EVERY_MS)
    }
  }

  async end(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(isDisturbed: boolean): Promise<void> {
    const { signal } = this.#stop
    for (let wakes = 1; !signal.aborted; wakes += 1) {
      const { workers } = this.#flow
      const isTwice = isDisturbed && wakes % 5 === 0
      const woken = isTwice ? [...workers, ...workers] : [workers[wakes % workers.length]]
      const done = Promise.all(woken.map(worker => worker?.invoke('forwarding', {})))
      await Promise.race([done, pause(LONGEST_WAIT_MS, undefined, { signal }).catch(() => {})])
      await pause(WAKE_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }
}
