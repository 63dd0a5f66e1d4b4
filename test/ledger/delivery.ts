/**
 * Delivers records to functions in place of the trigger: one batch after another, each with all that waits for a function, so
 * that a fault strikes at a place and not after a time.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../../packages/msk-trigger/faults/faults.ts'
import { createEvent, recordsBetween } from './batches.ts'
import type { StateKey } from './count/partition-states.ts'
import type { KafkaLog } from './kafka/log.ts'

const PAUSE_MS = 20
/** Pause while nothing waits: most of a run passes before retries. */
const QUIET_PAUSE_MS = 100

/** The records, and the partitions of each consumer. */
export interface Input {
  readonly log: KafkaLog
  stateKeys(): readonly StateKey[]
}

type Invoke = (name: string, event: object) => Promise<unknown>

/** The part of a response that says which records wait. */
interface Response {
  readonly batchItemFailures?: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number }
  }[]
}

export class Delivery {
  readonly #input: Input
  readonly #invoke: Invoke
  readonly #next = new Map<string, number>()
  readonly #held = new Set<string>()
  /** Number of responses of a function that are to be lost. */
  readonly #lost = new Map<string, number>()
  readonly #running: Promise<void>
  /** How often in a row all functions had their batches, and no position moved. */
  #quiet = 0
  #isOver = false

  constructor(input: Input, invoke: Invoke) {
    this.#input = input
    this.#invoke = invoke
    this.#running = this.#run()
  }

  /** `duplicate`, `timeout` and `crash` lose the response to a batch, which is then delivered again; a `rebalance` does nothing. */
  inject({ fault, function: name, partition, times = 1 }: Fault): void {
    if (fault === 'hold') this.#held.add(`${name}/${partition}`)
    else if (fault === 'release') this.#held.delete(`${name}/${partition}`)
    else if (fault !== 'rebalance') this.#lost.set(name, times)
  }

  /** Restarts the functions: no fault outlives their process. */
  forgetFaults(): void {
    this.#held.clear()
    this.#lost.clear()
  }

  /** Resolves when all that waits now has been delivered, whether it was decided or not. */
  async delivered(): Promise<void> {
    // The present round may have begun before.
    for (this.#quiet = -1; this.#quiet < 1; ) await pause(PAUSE_MS)
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const keys = Map.groupBy(this.#input.stateKeys(), ({ consumer }) => consumer)
      const before = [...this.#next.values()].join()
      // A broker may be restarting, or not know of a new partition yet.
      for (const [consumer, stateKeys] of keys) await this.#deliver(consumer, stateKeys).catch(() => {})
      this.#quiet = before === [...this.#next.values()].join() ? this.#quiet + 1 : 0
      await pause(this.#quiet > 0 ? QUIET_PAUSE_MS : PAUSE_MS)
    }
  }

  async #deliver(consumer: string, stateKeys: readonly StateKey[]): Promise<void> {
    const { log } = this.#input
    const [{ topic }] = stateKeys as readonly [StateKey]
    const ends = await log.ends(topic)
    const free = stateKeys.filter(({ partition }) => !this.#held.has(`${consumer}/${partition}`))
    const batches = await Promise.all(
      free.map(async key => {
        const from = this.#next.get(formatName(key)) ?? 0
        return [key, await recordsBetween(log, key, from, ends[key.partition] ?? 0)] as const
      }),
    )
    const waiting = batches.filter(([, records]) => records.length > 0)
    if (waiting.length === 0) return
    const response = (await this.#invoke(consumer, createEvent(waiting))) as Response | undefined
    const lost = this.#lost.get(consumer) ?? 0
    if (lost > 0) this.#lost.set(consumer, lost - 1)
    if (response === undefined || lost > 0) return
    for (const [key, records] of waiting) {
      const failed = response.batchItemFailures?.find(
        ({ itemIdentifier }) => itemIdentifier.partition === `${key.topic}-${key.partition}`,
      )
      const next = failed?.itemIdentifier.offset ?? (records.at(-1)?.offset ?? -1) + 1
      this.#next.set(formatName(key), next)
    }
  }
}

function formatName({ consumer, topic, partition }: StateKey): string {
  return `${consumer} ${topic} ${partition}`
}
