/** Watches whether Kafka answers at all, so that questions do not pile up behind brokers that are away. */
import { setTimeout as pause } from 'node:timers/promises'
import { isAway } from '../packages/runtime/adapters/kafka/availability.ts'
import type { Kafka } from '../packages/runtime/adapters/kafka/client.ts'
import { RefusedByKafka } from '../packages/runtime/adapters/kafka/errors.ts'
import { type Bounds, TopicOffsets } from '../packages/runtime/adapters/kafka/offsets.ts'
import { Unavailable } from '../packages/runtime/pipeline/errors.ts'

/** How long what is known counts. */
const KNOWN_FOR_MS = 5_000
/** How long a question waits to learn it: healthy brokers answer in milliseconds. */
const PATIENCE_MS = 5_000

interface Clock {
  readonly now: () => number
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

const CLOCK: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => pause(ms, undefined, { signal, ref: false }).catch(() => {}),
}

export class KafkaReach {
  readonly #look: () => Promise<unknown>
  readonly #clock: Clock
  #known: { readonly error: Unavailable | undefined; readonly atMs: number } | undefined
  #looking: Promise<void> | undefined

  /** @param look asks the cluster something small; one look at a time */
  constructor(look: () => Promise<unknown>, clock = CLOCK) {
    this.#look = look
    this.#clock = clock
  }

  /** Resolves where Kafka answers. Questions are refused at once while it is known to be away. @throws Unavailable */
  async check(): Promise<void> {
    const { now } = this.#clock
    if (!this.#known || now() - this.#known.atMs >= KNOWN_FOR_MS) await this.#learn()
    if (this.#known?.error) throw this.#known.error
  }

  async #learn(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined
    })
    const over = new AbortController()
    const late = this.#clock
      .wait(PATIENCE_MS, over.signal)
      .then(() => over.signal.aborted || this.#note(away(`there was no answer for ${PATIENCE_MS / 1000} s`)))
    await Promise.race([this.#looking, late])
    over.abort()
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.#look()
      this.#note(undefined)
    } catch (error) {
      // Other errors are reported by the question itself.
      this.#note(isAway(error) ? away((error as Error).message) : undefined)
    }
  }

  #note(error: Unavailable | undefined): void {
    this.#known = { error, atMs: this.#clock.now() }
  }
}

function away(why: string): Unavailable {
  return new Unavailable('broker-unavailable', `Kafka does not answer: ${why}`)
}

/** A page shall soon say that a broker is away, and asks again anyway. */
export const PATIENCE_OF_A_PAGE = { leaderMs: 2_000, topicMs: 0 }
const NO_PATIENCE = { leaderMs: 0, topicMs: 0 }

/**
 * Asks one question after another. A topic whose last question failed is asked over a connection of its own, without patience, until it
 * answers again.
 */
export class PageOffsets implements Pick<TopicOffsets, 'bounds' | 'at' | 'close'> {
  readonly #usual: TopicOffsets
  readonly #apart: TopicOffsets
  readonly #failed = new Set<string>()
  /** Questions that others may join, by topic. */
  readonly #bounds = new Map<string, Promise<Bounds[]>>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka) {
    this.#usual = new TopicOffsets(kafka, PATIENCE_OF_A_PAGE)
    this.#apart = new TopicOffsets(kafka, NO_PATIENCE)
  }

  /** Returns bounds as `TopicOffsets.bounds` does. Concurrent identical requests share one response. */
  bounds(topic: string): Promise<Bounds[]> {
    const joined = this.#bounds.get(topic)
    if (joined) return joined
    const asked = this.#inTurn(topic, offsets => {
      // An answer on its way may be older than what the next one knows of already, so it waits for an answer of its own.
      if (!this.#failed.has(topic)) this.#bounds.delete(topic)
      return offsets.bounds(topic)
    })
    this.#bounds.set(topic, asked)
    const forget = () => {
      if (this.#bounds.get(topic) === asked) this.#bounds.delete(topic)
    }
    asked.then(forget, forget)
    return asked
  }

  /** Returns offsets as `TopicOffsets.at` does. */
  async at(topic: string, timeMs: number): Promise<number[]> {
    // Times differ, so these questions cannot be joined: they would pile up behind a broker that does not answer.
    if (this.#failed.has(topic)) await this.bounds(topic)
    return this.#inTurn(topic, offsets => offsets.at(topic, timeMs))
  }

  async close(): Promise<void> {
    await Promise.all([this.#usual.close(), this.#apart.close()])
  }

  #inTurn<T>(topic: string, question: (offsets: TopicOffsets) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    this.#turn = this.#turn.then(async () => {
      const isApart = this.#failed.has(topic)
      const answer = question(isApart ? this.#apart : this.#usual)
      resolve(answer)
      const answered = answer.then(
        () => this.#failed.delete(topic),
        () => this.#failed.add(topic),
      )
      if (!isApart) await answered
    })
    return promise
  }
}

/** Maximum wait of a look into Redis for Kafka. */
const BRIEFLY_MS = 500
const KEPT_MS = 10_000

interface KeptCount {
  readonly count: Promise<number>
  readonly untilMs: number
}

export class PartitionCounts {
  readonly #bounds: (topic: string) => Promise<readonly unknown[]>
  readonly #nowMs: () => number
  readonly #kept = new Map<string, KeptCount>()

  /** @param bounds fails as `topicBounds` does */
  constructor(bounds: (topic: string) => Promise<readonly unknown[]>, nowMs = Date.now) {
    this.#bounds = bounds
    this.#nowMs = nowMs
  }

  /** @param otherwise used if Kafka has never responded */
  of(topic: string, otherwise: number): Promise<number> {
    const nowMs = this.#nowMs()
    const kept = this.#kept.get(topic)
    if (kept && nowMs < kept.untilMs) return kept.count
    const count = this.#ask(topic, kept?.count ?? otherwise)
    const asked = { count, untilMs: nowMs + KEPT_MS }
    this.#kept.set(topic, asked)
    count.catch(() => this.#kept.delete(topic))
    return count
  }

  async #ask(topic: string, otherwise: number | Promise<number>): Promise<number> {
    const told = this.#bounds(topic).then(({ length }) => length, withoutKafka)
    return (await Promise.race([told, pause(BRIEFLY_MS, undefined, { ref: false })])) ?? otherwise
  }
}

function withoutKafka(error: unknown): undefined {
  const isExpected = error instanceof Unavailable || error instanceof RefusedByKafka
  if (!isExpected) throw error
}
