/** Monitors whether Kafka responds, so that requests do not pile up during an outage. */
import { setTimeout as pause } from 'node:timers/promises'
import { isAway } from '#runtime/adapters/kafka/availability.ts'
import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import { type Bounds, TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'

/** Time for which the result of a check remains valid, in milliseconds. */
const KNOWN_FOR_MS = 5_000
/** Time limit for the check, in milliseconds. Brokers normally respond within a few milliseconds. */
const PATIENCE_MS = 5_000

interface Clock {
  readonly now: () => number
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

const CLOCK: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => pause(ms, undefined, { signal, ref: false }).catch(() => {}),
}

export class KafkaMonitor {
  readonly #probe: () => Promise<unknown>
  readonly #clock: Clock
  #lastCheck: { readonly error: Unavailable | undefined; readonly atMs: number } | undefined
  #probing: Promise<void> | undefined

  /** Creates the monitor. @param look sends a small request to the cluster; never called concurrently */
  constructor(look: () => Promise<unknown>, clock = CLOCK) {
    this.#probe = look
    this.#clock = clock
  }

  /** Resolves if Kafka responds, and fails immediately during a known outage. @throws Unavailable */
  async check(): Promise<void> {
    const { now } = this.#clock
    if (!this.#lastCheck || now() - this.#lastCheck.atMs >= KNOWN_FOR_MS) await this.#refresh()
    if (this.#lastCheck?.error) throw this.#lastCheck.error
  }

  async #refresh(): Promise<void> {
    this.#probing ??= this.#probeOnce().finally(() => {
      this.#probing = undefined
    })
    const over = new AbortController()
    const late = this.#clock
      .wait(PATIENCE_MS, over.signal)
      .then(
        () =>
          over.signal.aborted ||
          this.#record(createOutage(`there was no answer for ${PATIENCE_MS / 1000} s`)),
      )
    await Promise.race([this.#probing, late])
    over.abort()
  }

  async #probeOnce(): Promise<void> {
    try {
      await this.#probe()
      this.#record(undefined)
    } catch (error) {
      // Only outages count here. Other errors are reported by the requests themselves.
      this.#record(isAway(error) ? createOutage((error as Error).message) : undefined)
    }
  }

  #record(error: Unavailable | undefined): void {
    this.#lastCheck = { error, atMs: this.#clock.now() }
  }
}

function createOutage(why: string): Unavailable {
  return new Unavailable('broker-unavailable', `Kafka does not answer: ${why}`)
}

/** Time limits for requests of pages. They are short, because pages repeat their requests. */
const PATIENCE_OF_A_PAGE = { leaderMs: 2_000, topicMs: 0 }
const NO_PATIENCE = { leaderMs: 0, topicMs: 0 }

/**
 * Reads offsets, one request at a time. After a failed request for a topic, further requests for it use a separate connection with
 * minimal timeouts until one succeeds.
 */
export class PageOffsets implements Pick<TopicOffsets, 'bounds' | 'at' | 'close'> {
  readonly #usual: TopicOffsets
  readonly #apart: TopicOffsets
  readonly #failed = new Set<string>()
  /** Pending requests by topic. Further callers can share their responses. */
  readonly #bounds = new Map<string, Promise<Bounds[]>>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: Kafka) {
    this.#usual = new TopicOffsets(kafka, PATIENCE_OF_A_PAGE)
    this.#apart = new TopicOffsets(kafka, NO_PATIENCE)
  }

  /** Returns offsets like `TopicOffsets.bounds`. Concurrent identical requests share one response. */
  bounds(topic: string): Promise<Bounds[]> {
    const shared = this.#bounds.get(topic)
    if (shared) return shared
    const pendingBounds = this.#inTurn(topic, offsets => {
      // The request is sent now. A later caller may need newer offsets, so it must not share this response.
      if (!this.#failed.has(topic)) this.#bounds.delete(topic)
      return offsets.bounds(topic)
    })
    this.#bounds.set(topic, pendingBounds)
    const forget = () => {
      if (this.#bounds.get(topic) === pendingBounds) this.#bounds.delete(topic)
    }
    pendingBounds.then(forget, forget)
    return pendingBounds
  }

  /** Returns offsets like `TopicOffsets.at`. */
  async at(topic: string, timeMs: number): Promise<number[]> {
    // Requests for different times cannot share a response. Check the topic first, so that requests do not pile up during an
    // outage.
    if (this.#failed.has(topic)) await this.bounds(topic)
    return this.#inTurn(topic, offsets => offsets.at(topic, timeMs))
  }

  async close(): Promise<void> {
    await Promise.all([this.#usual.close(), this.#apart.close()])
  }

  #inTurn<T>(topic: string, request: (offsets: TopicOffsets) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    this.#turn = this.#turn.then(async () => {
      const isApart = this.#failed.has(topic)
      const answer = request(isApart ? this.#apart : this.#usual)
      resolve(answer)
      const outcome = answer.then(
        () => this.#failed.delete(topic),
        () => this.#failed.add(topic),
      )
      if (!isApart) await outcome
    })
    return promise
  }
}

/** Time for which a query of Redis waits for the number of partitions from Kafka, in milliseconds. */
const BRIEFLY_MS = 500
const CACHED_MS = 10_000

interface CachedCount {
  readonly count: Promise<number>
  readonly untilMs: number
}

export class PartitionCounts {
  readonly #bounds: (topic: string) => Promise<readonly unknown[]>
  readonly #nowMs: () => number
  readonly #counts = new Map<string, CachedCount>()

  /** Creates the cache. @param bounds returns the bounds of a topic; throws the errors of `readTopicBounds` */
  constructor(bounds: (topic: string) => Promise<readonly unknown[]>, nowMs = Date.now) {
    this.#bounds = bounds
    this.#nowMs = nowMs
  }

  /** Returns the number of partitions of a topic. @param otherwise number to return if Kafka has not responded yet */
  get(topic: string, otherwise: number): Promise<number> {
    const nowMs = this.#nowMs()
    const lastEntry = this.#counts.get(topic)
    if (lastEntry && nowMs < lastEntry.untilMs) return lastEntry.count
    const count = this.#ask(topic, lastEntry?.count ?? otherwise)
    const entry = { count, untilMs: nowMs + CACHED_MS }
    this.#counts.set(topic, entry)
    count.catch(() => this.#counts.delete(topic))
    return count
  }

  async #ask(topic: string, otherwise: number | Promise<number>): Promise<number> {
    const answer = this.#bounds(topic).then(({ length }) => length, ignoreOutage)
    return (await Promise.race([answer, pause(BRIEFLY_MS, undefined, { ref: false })])) ?? otherwise
  }
}

function ignoreOutage(error: unknown): undefined {
  const isExpected = error instanceof Unavailable || error instanceof RefusedByKafka
  if (!isExpected) throw error
}
