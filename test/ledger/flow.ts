/** The flow under faults: sends records in segments, one for each fault, and follows progress by the applied offsets. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '#runtime/testing'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { type Signal, topicRow } from '../../lib/app/naming/topic-table.ts'
import { NAMES } from '../support/families.ts'
import type { PartitionStateReader, StateKey } from './count/partition-states.ts'
import { Feed } from './feed.ts'
import { INPUT_PARTITIONS, inputTopic } from './input.ts'
import type { KafkaLog } from './kafka/log.ts'
import type { Publisher } from './publisher.ts'
import type { Servers } from './servers.ts'
import type { Worker } from './workers.ts'

/** The functions of the ledger. */
export const CONSUMERS = readFunctions(join(import.meta.dirname, 'service', 'serverless.yml'))
/** A topic that a function reads: one of Sluice, or the one of another application. */
type Source = Signal | 'input'

const SOURCES = CONSUMERS.flatMap(({ name, consumes, inputs }) =>
  [...consumes, ...(inputs ? ['input' as const] : [])].map((source: Source) => ({ name, source })),
)
const READ = new Set(SOURCES.map(({ source }) => source))
const listPartitions = (source: Source) =>
  source === 'input' ? INPUT_PARTITIONS : topicRow(source).partitions

const TICK_EVERY_MS = 400
const AT_ONCE = 200
const ASK_EVERY_MS = 250
/** Many times what a trigger takes to deliver what waits. */
const DELIVERED_MS = 3_000

/** The records of one fault. */
interface Segment {
  /** The number of records that are sent in all at its end. */
  readonly end: number
  readonly ticks: boolean
}

interface Parts {
  readonly env: string
  readonly seed: number
  readonly records: number
  /** Maximum number of records per second. */
  readonly rate: number
  readonly servers: Servers
  readonly workers: readonly Worker[]
  readonly publisher: Publisher
  readonly log: KafkaLog
  readonly stateKeys: PartitionStateReader
  /** How long there may be no progress before the flow counts as stuck. */
  readonly patienceMs: number
  /** Aborts all waits. */
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
  #segment: Segment = { end: 0, ticks: true }
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

  get env(): string {
    return this.#parts.env
  }

  topic(source: Source): string {
    return source === 'input' ? inputTopic(this.env) : NAMES.topicName(source, this.env)
  }

  /** Returns the keys of one consumer, or of all in the order of `SOURCES`. */
  stateKeys(consumer?: string): StateKey[] {
    const wanted = SOURCES.filter(({ name }) => consumer === undefined || name === consumer)
    return wanted.flatMap(({ name, source }) =>
      Array.from({ length: listPartitions(source) }, (_, partition) => ({
        consumer: name,
        topic: this.topic(source),
        partition,
      })),
    )
  }

  begin(segment: Segment): void {
    this.#segment = segment
  }

  /** Sends this share of what is left of the segment, at most at the given rate. */
  async send(share = 1): Promise<void> {
    const [beganAtMs, from] = [Date.now(), this.#sent]
    const upTo = Math.ceil(from + share * (this.#segment.end - from))
    while (this.#sent < upTo) {
      await this.#sendSome(upTo - this.#sent)
      const early = ((this.#sent - from) / this.#parts.rate) * 1000 - (Date.now() - beganAtMs)
      if (early > 0) await pause(early)
    }
  }

  async #sendSome(most: number): Promise<void> {
    this.#parts.signal.throwIfAborted()
    const count = Math.min(AT_ONCE, most)
    await this.#parts.publisher.send(this.#feed.next(count, Date.now()))
    this.#sent += count
    if (this.#segment.ticks && Date.now() - this.#lastTickMs > TICK_EVERY_MS) await this.tick('readings')
  }

  /** Resolves after a while, in which all that waits has been delivered, whether it was decided or not. */
  async delivered(): Promise<void> {
    await pause(DELIVERED_MS)
  }

  async tick(source: Source): Promise<void> {
    if (source === 'input') return this.#tickInput()
    this.#lastTickMs = Date.now()
    await this.#parts.publisher.tick(this.topic(source), listPartitions(source))
  }

  /** Sends a reading to every partition of the input, where ticks do not belong. */
  async #tickInput(): Promise<void> {
    for (let partition = 0; partition < INPUT_PARTITIONS; partition += 1) {
      const value = JSON.stringify({ device: `clock-${partition}`, value: 0, at: new Date() })
      await this.#parts.publisher.sendTo(this.topic('input'), { partition, value })
    }
  }

  /** Sends a tick to every partition of every topic, because consumers notice a lost state only with the next record. */
  async tickAll(): Promise<void> {
    for (const source of READ) await this.tick(source)
  }

  async progress(stateKeys: readonly StateKey[] = this.stateKeys()) {
    return this.#parts.stateKeys.progress(stateKeys)
  }

  /** The end offset of the partition of each partition state. */
  async ends(): Promise<number[]> {
    const read = async (source: Source) => [source, await this.log.ends(this.topic(source))] as const
    const ends = new Map(await Promise.all([...READ].map(read)))
    return SOURCES.flatMap(({ source }) => ends.get(source) ?? [])
  }

  /** The number of records that wait to be decided. */
  async lag(): Promise<number> {
    const [ends, progress] = [await this.ends(), await this.progress()]
    return progress.reduce(
      (sum, { appliedOffset }, at) => sum + Math.max(0, (ends[at] ?? 0) - 1 - appliedOffset),
      0,
    )
  }

  /**
   * Resolves when every applied offset has reached the end that its partition had at the call (`then`), or the present end
   * with nothing left to publish (`quiet`).
   *
   * @returns false if there was no progress for `patienceMs`
   */
  async caughtUp(what: 'then' | 'quiet'): Promise<boolean> {
    const { patienceMs } = this.#parts
    let ends = what === 'then' ? await this.#insist(() => this.ends()) : []
    let [seen, movedAtMs, isJudged] = ['', Date.now(), false]
    for (;;) {
      try {
        const progress = await this.progress()
        if (what === 'quiet') ends = await this.ends()
        const isThere = progress.every(
          ({ appliedOffset, outbox }, at) =>
            appliedOffset + 1 >= (ends[at] ?? 0) && (what === 'then' || outbox === 0),
        )
        if (isThere) return true
        const now = JSON.stringify([progress, what === 'quiet' && ends])
        if (now !== seen) [seen, movedAtMs, isJudged] = [now, Date.now(), false]
      } catch {}
      // A slow machine may not have come to it: what waits is delivered once more before that is judged.
      if (Date.now() - movedAtMs > patienceMs) {
        if (isJudged) return false
        await this.delivered()
        isJudged = true
      }
      await this.#pause()
    }
  }

  /** Retries until it succeeds, because a server may be restarting. */
  async #insist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await ask()
      } catch {
        await this.#pause()
      }
  }

  /** Waits before the next check. */
  async #pause(): Promise<void> {
    this.#parts.signal.throwIfAborted()
    await pause(ASK_EVERY_MS)
  }
}
