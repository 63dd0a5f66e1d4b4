/** Reads the partition states in Redis by the names of their keys. */
import { Redis } from 'ioredis'

/** Identifies a partition state. */
export interface StateKey {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

export interface StateContents {
  /** Last decided offset; -1 before the first. */
  readonly appliedOffset: number
  readonly outbox: number
  /** How many records and timers had each outcome. */
  readonly tally: ReadonlyMap<string, number>
  /** States by entity, as JSON. */
  readonly states: ReadonlyMap<string, string>
  readonly timers: ReadonlyMap<string, string>
}

/** The offset of an entity's first record, in front of its state. */
const SINCE = /^@[0-9a-z]+ /

/** A lost connection ends a command at once; this ends only one that gets no answer at all. */
const COMMAND_MS = 60_000

export class PartitionStateReader {
  readonly #redis: Redis

  constructor(url: string) {
    this.#redis = new Redis(url, {
      commandTimeout: COMMAND_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 100,
    })
    // Each request reports its own errors.
    this.#redis.on('error', () => {})
  }

  /** Reads applied offsets and outbox lengths. Rejects while Redis is unavailable. */
  async progress(
    stateKeys: readonly StateKey[],
  ): Promise<{ readonly appliedOffset: number; readonly outbox: number }[]> {
    const pipeline = this.#redis.pipeline()
    for (const stateKey of stateKeys)
      pipeline.hget(key(stateKey, 'meta'), 'appliedOffset').hlen(key(stateKey, 'outbox'))
    const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error
      return reply
    })
    return stateKeys.map((_, at) => ({
      appliedOffset: Number(replies[2 * at] ?? -1),
      outbox: Number(replies[2 * at + 1]),
    }))
  }

  async contents(stateKey: StateKey): Promise<StateContents> {
    const hash = (name: string) => this.#redis.hgetall(key(stateKey, name))
    const [meta, outbox, states, timers] = await Promise.all(['meta', 'outbox', 'states', 'timers'].map(hash))
    const tally = Object.entries(meta ?? {}).filter(([name]) => name.includes('/'))
    return {
      appliedOffset: Number(meta?.appliedOffset ?? -1),
      outbox: Object.keys(outbox ?? {}).length,
      tally: new Map(tally.map(([name, count]) => [name, Number(count)])),
      states: new Map(
        Object.entries(states ?? {}).map(([entity, text]) => [entity, text.replace(SINCE, '')]),
      ),
      timers: new Map(Object.entries(timers ?? {})),
    }
  }

  close(): void {
    this.#redis.disconnect()
  }
}

function key({ consumer, topic, partition }: StateKey, name: string): string {
  return `{${consumer}:${topic}:${partition}}:${name}`
}
