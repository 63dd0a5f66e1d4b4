/** The flow that faults strike: records are sent in segments, one for each fault, and followed by their marks. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Signal, TOPICS, topicName } from '../../lib/domain/topics.ts'
import { Random } from '../support/random.ts'
import type { Slot, Slots } from './count/slots.ts'
import { Feed } from './feed.ts'
import type { KafkaLog } from './kafka/log.ts'
import type { Publisher } from './publisher.ts'
import type { Servers } from './servers.ts'
import type { Worker } from './workers.ts'

/** Who reads what. */
const READS = { counting: 'readings', receiving: 'events', 'dlq-router': 'failures' } as const
export type ConsumerName = keyof typeof READS

const TICK_EVERY_MS = 400
const AT_ONCE = 200
const ASK_EVERY_MS = 50

interface Parts {
  readonly env: string
  readonly seed: number
  readonly records: number
  /** Records a second at most. */
  readonly rate: number
  readonly servers: Servers
  readonly workers: readonly Worker[]
  readonly publisher: Publisher
  readonly log: KafkaLog
  readonly slots: Slots
  /** Ends all waiting. */
  readonly signal: AbortSignal
}

export class Flow {
  readonly servers: Servers
  readonly workers: readonly Worker[]
  readonly log: KafkaLog
  readonly random: Random
  readonly #parts: Parts
  readonly #feed: Feed
  #sent = 0
  #segmentEnd = 0
  #lastTickMs = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.servers = parts.servers
    this.workers = parts.workers
    this.log = parts.log
    this.random = new Random(parts.seed)
    this.#feed = new Feed(new Random(parts.seed + 1), parts.records)
  }

  get sent(): number {
    return this.#sent
  }

  topic(signal: Signal): string {
    return topicName(signal, this.#parts.env)
  }

  slots(consumer?: ConsumerName): Slot[] {
    const names = consumer ? [consumer] : (Object.keys(READS) as ConsumerName[])
    return names.flatMap(name =>
      Array.from({ length: TOPICS[READS[name]].partitions }, (_, partition) => ({
        consumer: name,
        topic: this.topic(READS[name]),
        partition,
      })),
    )
  }

  /** Sends on until so many records are sent in all, no faster than asked for. */
  async send(upTo: number, { ticks }: { readonly ticks: boolean }): Promise<void> {
    const { publisher, rate } = this.#parts
    this.#segmentEnd = upTo
    const [beganAtMs, from] = [Date.now(), this.#sent]
    while (this.#sent < upTo) {
      this.#parts.signal.throwIfAborted()
      const count = Math.min(AT_ONCE, upTo - this.#sent)
      await publisher.send(this.#feed.next(count, Date.now()))
      this.#sent += count
      if (ticks && Date.now() - this.#lastTickMs > TICK_EVERY_MS) await this.tick('readings')
      const early = ((this.#sent - from) / rate) * 1000 - (Date.now() - beganAtMs)
      if (early > 0) await pause(early)
    }
  }

  /** Resolves when a share of what is left of the segment has been sent. */
  async goesOn(share: number): Promise<void> {
    const wanted = this.#sent + share * (this.#segmentEnd - this.#sent)
    while (this.#sent < wanted) await this.#pause()
  }

  async tick(signal: Signal): Promise<void> {
    this.#lastTickMs = Date.now()
    await this.#parts.publisher.tick(this.topic(signal), TOPICS[signal].partitions)
  }

  /** Every partition of every consumer hears of something: without another record, nobody would look at what is forgotten. */
  async stir(): Promise<void> {
    for (const signal of Object.values(READS)) await this.tick(signal)
  }

  async standing(slots: readonly Slot[] = this.slots()) {
    return this.#parts.slots.standing(slots)
  }

  /** The offset behind the last record, of each slot's partition. */
  async ends(): Promise<number[]> {
    const signals = Object.values(READS)
    return (await Promise.all(signals.map(signal => this.log.ends(this.topic(signal))))).flat()
  }

  /** How many records wait to be decided. */
  async lag(): Promise<number> {
    const [ends, standing] = [await this.ends(), await this.standing()]
    return standing.reduce((sum, { mark }, at) => sum + Math.max(0, (ends[at] ?? 0) - 1 - mark), 0)
  }

  /**
   * Resolves when every mark is where its topic ended a moment ago, or, for `quiet`, where it ends now, with nothing left
   * to be published.
   *
   * @returns false where nothing has moved for the length of the patience before that
   */
  async caughtUp(what: 'then' | 'quiet', patienceMs: number): Promise<boolean> {
    let ends = what === 'then' ? await this.#insist(() => this.ends()) : []
    let [seen, movedAtMs] = ['', Date.now()]
    for (;;) {
      try {
        const standing = await this.standing()
        if (what === 'quiet') ends = await this.ends()
        const isThere = ({ mark, outbox }: { mark: number; outbox: number }, at: number) =>
          mark + 1 >= (ends[at] ?? 0) && (what === 'then' || outbox === 0)
        if (standing.every(isThere)) return true
        const now = JSON.stringify([standing, what === 'quiet' && ends])
        if (now !== seen) [seen, movedAtMs] = [now, Date.now()]
      } catch {}
      if (Date.now() - movedAtMs > patienceMs) return false
      await this.#pause()
    }
  }

  /** Again until it succeeds: a server may be on its way back. */
  async #insist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await ask()
      } catch {
        await this.#pause()
      }
  }

  /** Before the next look. */
  async #pause(): Promise<void> {
    this.#parts.signal.throwIfAborted()
    await pause(ASK_EVERY_MS)
  }
}
