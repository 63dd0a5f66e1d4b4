/** What the consumers hold in Redis, read by the names of its keys. */
import { Redis } from 'ioredis'

/** A consumer's room for one partition. */
export interface Slot {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

export interface SlotContents {
  /** The last offset that is decided; -1 where nothing is. */
  readonly mark: number
  readonly outbox: number
  /** How many records, and timers, ended how. */
  readonly tally: ReadonlyMap<string, number>
  /** By entity, as JSON. */
  readonly states: ReadonlyMap<string, string>
  readonly timers: ReadonlyMap<string, string>
}

export class Slots {
  readonly #redis: Redis

  constructor(url: string) {
    this.#redis = new Redis(url, { commandTimeout: 2_000, maxRetriesPerRequest: 0, retryStrategy: () => 100 })
    // Whoever asks is told.
    this.#redis.on('error', () => {})
  }

  /** Marks and lengths of outboxes; rejects while Redis is away. */
  async standing(slots: readonly Slot[]): Promise<{ readonly mark: number; readonly outbox: number }[]> {
    const pipeline = this.#redis.pipeline()
    for (const slot of slots) pipeline.hget(key(slot, 'meta'), 'mark').hlen(key(slot, 'outbox'))
    const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error
      return reply
    })
    return slots.map((_, at) => ({
      mark: Number(replies[2 * at] ?? -1),
      outbox: Number(replies[2 * at + 1]),
    }))
  }

  async contents(slot: Slot): Promise<SlotContents> {
    const hash = (name: string) => this.#redis.hgetall(key(slot, name))
    const [meta, outbox, states, timers] = await Promise.all(['meta', 'outbox', 'states', 'timers'].map(hash))
    const tally = Object.entries(meta ?? {}).filter(([name]) => name.includes('/'))
    return {
      mark: Number(meta?.mark ?? -1),
      outbox: Object.keys(outbox ?? {}).length,
      tally: new Map(tally.map(([name, count]) => [name, Number(count)])),
      states: new Map(Object.entries(states ?? {})),
      timers: new Map(Object.entries(timers ?? {})),
    }
  }

  close(): void {
    this.#redis.disconnect()
  }
}

function key({ consumer, topic, partition }: Slot, name: string): string {
  return `{${consumer}:${topic}:${partition}}:${name}`
}
