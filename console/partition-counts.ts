/** How many partitions topics have, for those who look into Redis: a topic may have grown beyond the table. */
import { setTimeout as pause } from 'node:timers/promises'
import { RefusedByKafka } from '../packages/runtime/adapters/kafka/errors.ts'
import { Unavailable } from '../packages/runtime/pipeline/errors.ts'

/** Who looks into Redis shall not wait long for Kafka. */
const BRIEFLY_MS = 500
const KEPT_MS = 10_000

interface Kept {
  readonly count: Promise<number>
  readonly untilMs: number
}

export class PartitionCounts {
  readonly #bounds: (topic: string) => Promise<readonly unknown[]>
  readonly #nowMs: () => number
  readonly #kept = new Map<string, Kept>()

  /** @param bounds fails as `topicBounds` does */
  constructor(bounds: (topic: string) => Promise<readonly unknown[]>, nowMs = Date.now) {
    this.#bounds = bounds
    this.#nowMs = nowMs
  }

  /** @param otherwise where Kafka does not tell, and has not told before */
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
