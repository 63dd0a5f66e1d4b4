/** Follows the progress of the functions in Redis and Kafka. */
import { setTimeout as pause } from 'node:timers/promises'
import { TOPICS } from '../../lib/app/topics.ts'
import type { PartitionStateReader, StateContents, StateKey } from '../ledger/count/partition-states.ts'
import type { KafkaLog } from '../ledger/kafka/log.ts'
import { CONSUMERS_OF_READINGS } from '../support/consumers.ts'
import type { TestEnvironment } from '../support/environment.ts'
import type { Offline } from '../support/offline.ts'
import { ROUTER } from './account.ts'

const TOLD_EVERY_MS = 5_000
export const TICK_EVERY_MS = 5_000

export class Flow {
  readonly environment: TestEnvironment
  readonly signal: AbortSignal
  readonly #log: KafkaLog
  readonly #stateKeys: PartitionStateReader
  readonly #offline: Offline

  constructor(
    environment: TestEnvironment,
    {
      log,
      stateKeys,
      offline,
    }: { readonly log: KafkaLog; readonly stateKeys: PartitionStateReader; readonly offline: Offline },
    signal: AbortSignal,
  ) {
    this.environment = environment
    this.signal = signal
    this.#log = log
    this.#stateKeys = stateKeys
    this.#offline = offline
  }

  /** Appends a tick to each partition of readings, so that a readable record follows any transaction marker. */
  async tick(): Promise<void> {
    await this.#offline.invoke('clock')
  }

  /**
   * How many records wait to be decided or published. Transaction markers count until a record follows them. Records after an
   * open transaction count too: they become readable when the broker ends that transaction.
   */
  async waiting(): Promise<number> {
    const ends = {
      readings: await this.#log.ends(this.environment.topic('readings'), 'written'),
      failures: await this.#log.ends(this.environment.topic('failures'), 'written'),
    }
    const stateKeys = this.#all()
    const progress = await this.#stateKeys.progress(stateKeys)
    return progress.reduce((sum, { appliedOffset, outbox }, at) => {
      const { consumer, partition } = stateKeys[at] as StateKey
      const end = ends[consumer === ROUTER ? 'failures' : 'readings'][partition] ?? 0
      return sum + Math.max(0, end - 1 - appliedOffset) + outbox
    }, 0)
  }

  /** Resolves when no record waits, or when their number has not decreased for `patienceMs`. */
  async rest(patienceMs: number, say: (line: string) => void): Promise<void> {
    let [least, movedAtMs, toldAtMs, tickedAtMs] = [Number.POSITIVE_INFINITY, Date.now(), 0, 0]
    for (;;) {
      this.signal.throwIfAborted()
      // Retried, because a server may be too busy to answer.
      const waiting = await this.waiting().catch(() => Number.POSITIVE_INFINITY)
      if (waiting === 0 && tickedAtMs > 0) return
      if (waiting < least) [least, movedAtMs] = [waiting, Date.now()]
      const stoodMs = Date.now() - movedAtMs
      if (stoodMs > patienceMs) return say(`no progress, and ${waiting} records wait`)
      if (Date.now() - tickedAtMs > TICK_EVERY_MS && stoodMs < patienceMs / 2) {
        tickedAtMs = Date.now()
        await this.tick().catch(() => {})
      }
      if (Date.now() - toldAtMs > TOLD_EVERY_MS) {
        toldAtMs = Date.now()
        say(`${waiting} wait`)
      }
      await pause(200)
    }
  }

  async contents(): Promise<readonly (StateKey & StateContents)[]> {
    const contents: (StateKey & StateContents)[] = []
    for (const stateKey of this.#all())
      contents.push({ ...stateKey, ...(await this.#insist(() => this.#stateKeys.contents(stateKey))) })
    return contents
  }

  /** Retries a request to a busy server several times. */
  async #insist<T>(ask: () => Promise<T>, attempts = 10): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (attempts === 1) throw error
      return this.#insist(ask, attempts - 1)
    }
  }

  #all(): StateKey[] {
    const of = (consumer: string, signal: 'readings' | 'failures') =>
      Array.from({ length: TOPICS[signal].partitions }, (_, partition) => ({
        consumer,
        topic: this.environment.topic(signal),
        partition,
      }))
    return [...CONSUMERS_OF_READINGS.flatMap(consumer => of(consumer, 'readings')), ...of(ROUTER, 'failures')]
  }
}
