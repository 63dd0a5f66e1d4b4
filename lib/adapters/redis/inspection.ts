import type { Slot } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { keysOf } from './keys.ts'

/** What an operator sees of a slot. */
export interface SlotSummary {
  /** The last decided offset; -1 where nothing is. */
  readonly mark: number
  readonly entities: number
  readonly outbox: number
  /** How many records ended how, by `outcome/reason`, since the slot exists. */
  readonly tally: Readonly<Record<string, number>>
}

/** Reads slots for people: never part of the processing, and never changing anything. */
export class SlotInspection {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async summary(slot: Slot): Promise<SlotSummary> {
    const { meta, states, outbox } = keysOf(slot)
    const [fields, entities, waiting] = await Promise.all([
      this.#client.run(redis => redis.hgetall(meta)),
      this.#client.run(redis => redis.hlen(states)),
      this.#client.run(redis => redis.hlen(outbox)),
    ])
    const counters = Object.entries(fields).filter(([name]) => name.includes('/'))
    const tally = Object.fromEntries(counters.map(([name, count]) => [name, Number(count)]))
    return { mark: Number(fields.mark ?? -1), entities, outbox: waiting, tally }
  }

  /** The state of one entity; undefined where it has none. */
  async state(slot: Slot, entity: string): Promise<unknown> {
    const json = await this.#client.run(redis => redis.hget(keysOf(slot).states, entity))
    return json === null ? undefined : JSON.parse(json)
  }

  /** The states of a slot, in pages, so that a large one does not hold up the server. */
  async *states(slot: Slot): AsyncGenerator<[entity: string, state: unknown]> {
    const key = keysOf(slot).states
    let cursor = '0'
    do {
      const [next, page] = await this.#client.run(redis => redis.hscan(key, cursor, 'COUNT', 500))
      for (let at = 0; at < page.length; at += 2)
        yield [page[at] as string, JSON.parse(page[at + 1] as string)]
      cursor = next
    } while (cursor !== '0')
  }
}
