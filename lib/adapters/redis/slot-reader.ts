/** Reads a slot for people and checkpoints: in pages, so that a large one does not hold up the server. */
import type {
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  Slot,
  StoredTimer,
  Version,
} from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { FAILURE_GENERATION_MS, GENERATION_MS, generationOf } from './generations.ts'
import { keysOf } from './keys.ts'
import { idsIn, unpackBucket } from './packing.ts'

const PAGE = 500

export interface SlotMeta {
  readonly version: Version
  readonly clock: LogClock
  readonly emitted: number
  /** How many records ended how, by `outcome/reason`, since the slot exists. */
  readonly tally: Readonly<Record<string, number>>
  /** The oldest generations that are still there. */
  readonly oldestIds: number
  readonly oldestFailures: number
}

export class SlotReader {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async meta(slot: Slot): Promise<SlotMeta> {
    const fields = await this.#client.run(redis => redis.hgetall(keysOf(slot).meta))
    const number = (name: string) => (fields[name] === undefined ? undefined : Number(fields[name]))
    const nowMs = number('clock') ?? 0
    const counters = Object.entries(fields).filter(([name]) => name.includes('/'))
    return {
      version: { epoch: number('epoch') ?? 0, mark: number('mark') ?? -1, fired: number('fired') ?? 0 },
      clock: { nowMs, lastAppendMs: number('last'), highestAppendMs: number('highest') },
      emitted: number('emitted') ?? 0,
      tally: Object.fromEntries(counters.map(([name, count]) => [name, Number(count)])),
      oldestIds: number('oldest') ?? generationOf(nowMs, GENERATION_MS),
      oldestFailures: number('oldestFailures') ?? generationOf(nowMs, FAILURE_GENERATION_MS),
    }
  }

  /** How much is in each of the parts that are counted at once. */
  async counts(slot: Slot): Promise<{ entities: number; outbox: number }> {
    const { states, outbox } = keysOf(slot)
    const [entities, waiting] = await this.#client.run(redis =>
      Promise.all([redis.hlen(states), redis.hlen(outbox)]),
    )
    return { entities, outbox: waiting }
  }

  async idCount(slot: Slot, meta: SlotMeta): Promise<number> {
    let count = 0
    for (const key of idKeys(slot, meta))
      for await (const [, bucket] of this.#fields(key)) count += idsIn(bucket)
    return count
  }

  /** The state of one entity, as JSON; undefined where it has none. */
  async state(slot: Slot, entity: string): Promise<string | undefined> {
    return (await this.#client.run(redis => redis.hget(keysOf(slot).states, entity))) ?? undefined
  }

  async timersOf(slot: Slot, entity: string): Promise<readonly StoredTimer[]> {
    const json = await this.#client.run(redis => redis.hget(keysOf(slot).timers, entity))
    return json === null ? [] : JSON.parse(json)
  }

  /** The entity whose timer fires next. */
  async firstDue(slot: Slot): Promise<string | undefined> {
    const [entity] = await this.#client.run(redis => redis.zrange(keysOf(slot).due, '0', '0'))
    return entity
  }

  /** Each entity with its state as JSON; like every page by page reading, it may bring one twice. */
  states(slot: Slot): AsyncGenerator<[entity: string, json: string]> {
    return this.#texts(keysOf(slot).states)
  }

  async *timers(slot: Slot): AsyncGenerator<[entity: string, timers: readonly StoredTimer[]]> {
    for await (const [entity, json] of this.#texts(keysOf(slot).timers)) yield [entity, JSON.parse(json)]
  }

  async *outbox(slot: Slot): AsyncGenerator<OutboxEntry> {
    for await (const [, json] of this.#texts(keysOf(slot).outbox)) yield JSON.parse(json)
  }

  /** The newest first: of one that comes several times, the first counts. */
  async *ids(slot: Slot, meta: SlotMeta): AsyncGenerator<RememberedId> {
    for (const key of idKeys(slot, meta))
      for await (const [name, bucket] of this.#fields(key)) yield* unpackBucket(name, bucket)
  }

  /** Likewise. */
  async *failures(slot: Slot, { clock, oldestFailures }: SlotMeta): AsyncGenerator<RememberedFailure> {
    const newest = generationOf(clock.nowMs, FAILURE_GENERATION_MS)
    for (let generation = newest; generation >= oldestFailures; generation -= 1)
      for await (const [, json] of this.#texts(`${keysOf(slot).failures}:${generation}`))
        yield JSON.parse(json)
  }

  async *#texts(key: string): AsyncGenerator<[field: string, value: string]> {
    for await (const [field, value] of this.#fields(key)) yield [field.toString(), value.toString()]
  }

  async *#fields(key: string): AsyncGenerator<[field: Buffer, value: Buffer]> {
    let cursor = '0'
    do {
      const [next, page] = await this.#client.run(redis => redis.hscanBuffer(key, cursor, 'COUNT', PAGE))
      for (let at = 0; at < page.length; at += 2) yield [page[at] as Buffer, page[at + 1] as Buffer]
      cursor = String(next)
    } while (cursor !== '0')
  }
}

/** The hashes of ids, generation by generation, the newest first. */
function* idKeys(slot: Slot, { clock, oldestIds }: SlotMeta): Generator<string> {
  const { ids } = keysOf(slot)
  for (let generation = generationOf(clock.nowMs, GENERATION_MS); generation >= oldestIds; generation -= 1)
    yield `${ids}:${generation}`
}

/** Each once: a page may repeat what an earlier one had, and of two generations the newer comes first. */
export async function gathered<T>(all: AsyncIterable<T>, nameOf: (one: T) => string): Promise<T[]> {
  const found = new Map<string, T>()
  for await (const one of all) if (!found.has(nameOf(one))) found.set(nameOf(one), one)
  return [...found.values()]
}
