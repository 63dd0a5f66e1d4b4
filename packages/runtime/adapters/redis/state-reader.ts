/** Reads a partition state in pages, so that a large state does not block the server. */

import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import type {
  OutboxEntry,
  RememberedId,
  StateKey,
  StoredContext,
  StoredTimer,
} from '../../pipeline/model/partition-state.ts'
import type { Rebuild, StateContents, StateFacts } from '../../pipeline/replacing/replaceable-states.ts'
import type { RedisClient } from './client.ts'
import { readGroup, unpackFailureBucket } from './failure-packing.ts'
import { countIds, unpackBucket, unpackId } from './id-packing.ts'
import { buildKeys, type PartitionStateKeys } from './keys.ts'
import { beyondFull, computeGeneration, LAYOUT, SEQUENCE } from './layout.ts'
import { type Meta, readMeta } from './meta-hash.ts'

const PAGE = 500

export interface StoredMeta extends Meta {
  /** Number of records by `outcome/reason` since the partition state was created. */
  readonly tally: Readonly<Record<string, number>>
  /** Highest decided sequence of each origin. */
  readonly sequences: Readonly<Record<string, string>>
  readonly rebuild?: Rebuild
}

export class StateReader implements StateContents {
  readonly #client: RedisClient
  readonly #part: string

  /** @param part `REBUILD` for the rebuilds of the states; by default, the live states */
  constructor(client: RedisClient, part = '') {
    this.#client = client
    this.#part = part
  }

  facts(stateKey: StateKey): Promise<StateFacts> {
    return this.meta(stateKey)
  }

  async meta(stateKey: StateKey): Promise<StoredMeta> {
    return parseStoredMeta(await this.#client.run(redis => redis.hgetall(this.#keys(stateKey).meta)))
  }

  /** Returns the numbers of entities and of outbox entries, which are read in one step. */
  async counts(stateKey: StateKey): Promise<{ entities: number; outbox: number }> {
    const { states, outbox } = this.#keys(stateKey)
    const [entities, waiting] = await this.#client.run(redis =>
      Promise.all([redis.hlen(states), redis.hlen(outbox)]),
    )
    return { entities, outbox: waiting }
  }

  async idCount(stateKey: StateKey, meta: StoredMeta): Promise<number> {
    let count = 0
    for (const key of this.#idKeys(stateKey, meta)) {
      for await (const [, bucket] of this.#fields(key)) count += countIds(bucket)
      count += await this.#client.run(redis => redis.hlen(beyondFull(key)))
    }
    return count
  }

  /** Returns the state of one entity as JSON; undefined if it has none. */
  async state(stateKey: StateKey, entity: string): Promise<string | undefined> {
    return (await this.#client.run(redis => redis.hget(this.#keys(stateKey).states, entity))) ?? undefined
  }

  /** Returns the context of the partition that an event has set; undefined if none was set. */
  async context(stateKey: StateKey): Promise<StoredContext | undefined> {
    const { hash, content } = await this.#client.run(redis => redis.hgetall(this.#keys(stateKey).context))
    return hash === undefined || content === undefined ? undefined : { hash, json: content }
  }

  async readEntityTimers(stateKey: StateKey, entity: string): Promise<readonly StoredTimer[]> {
    const json = await this.#client.run(redis => redis.hget(this.#keys(stateKey).timers, entity))
    return json === null ? [] : JSON.parse(json)
  }

  /** Returns the entity whose timer fires next. */
  async firstDue(stateKey: StateKey): Promise<string | undefined> {
    const [entity] = await this.#client.run(redis => redis.zrange(this.#keys(stateKey).due, '0', '0'))
    return entity
  }

  /** Reads each entity with its state as JSON. Like all paged reads, it may return an entity twice. */
  states(stateKey: StateKey): AsyncGenerator<[entity: string, json: string]> {
    return this.#texts(this.#keys(stateKey).states)
  }

  async *timers(stateKey: StateKey): AsyncGenerator<[entity: string, timers: readonly StoredTimer[]]> {
    for await (const [entity, json] of this.#texts(this.#keys(stateKey).timers))
      yield [entity, JSON.parse(json)]
  }

  async *outbox(stateKey: StateKey): AsyncGenerator<OutboxEntry> {
    for await (const [, json] of this.#texts(this.#keys(stateKey).outbox)) yield JSON.parse(json)
  }

  /** Reads ids, the newest first. If an id occurs several times, only the first occurrence is valid. */
  async *ids(stateKey: StateKey): AsyncGenerator<RememberedId> {
    for (const key of this.#idKeys(stateKey, await this.meta(stateKey))) {
      for await (const [id, known] of this.#fields(beyondFull(key)))
        yield unpackId(id.toString('latin1'), known)
      for await (const [name, bucket] of this.#fields(key)) yield* unpackBucket(name, bucket)
    }
  }

  /** Reads failures, the newest first. If a failure occurs several times, only the first occurrence is valid. */
  async *failures(stateKey: StateKey): AsyncGenerator<RememberedFailure> {
    const { failures } = this.#keys(stateKey)
    const groups = await this.#client.run(redis => redis.hgetall(failures))
    for (const [group, text] of Object.entries(groups)) {
      const { first, last } = readGroup(text)
      for (let generation = last; generation >= first; generation -= 1)
        for await (const [name, bucket] of this.#fields(`${failures}:${group}:${generation}`))
          if (String(name) !== LAYOUT.failures.about) yield* unpackFailureBucket(bucket, Number(group))
    }
  }

  #keys(stateKey: StateKey): PartitionStateKeys {
    return buildKeys(stateKey, this.#part)
  }

  /** Yields the keys of the hashes that contain ids, from the newest to the oldest generation. */
  *#idKeys(stateKey: StateKey, { clock, oldestIds }: StoredMeta): Generator<string> {
    const { ids } = this.#keys(stateKey)
    for (let generation = computeGeneration(clock.nowMs); generation >= oldestIds; generation -= 1)
      yield `${ids}:${generation}`
  }

  async *#texts(key: string): AsyncGenerator<[field: string, value: string]> {
    for await (const [field, value] of this.#fields(key)) yield [field.toString(), value.toString()]
  }

  async *#fields(key: string): AsyncGenerator<[field: Buffer, value: Buffer]> {
    for await (const page of this.fieldPages(key)) yield* page
  }

  /**
   * Reads the fields of a hash in the pages of the server. Reading a large hash field by field would take several times as long.
   */
  async *fieldPages(key: string): AsyncGenerator<[field: Buffer, value: Buffer][]> {
    let cursor = '0'
    do {
      const [next, flat] = await this.#client.run(redis => redis.hscanBuffer(key, cursor, 'COUNT', PAGE))
      const page: [Buffer, Buffer][] = []
      for (let at = 0; at < flat.length; at += 2) page.push([flat[at] as Buffer, flat[at + 1] as Buffer])
      yield page
      cursor = String(next)
    } while (cursor !== '0')
  }
}

/**
 * Parses the metadata and counters of a partition state.
 *
 * @param fields fields of the hash `meta`
 */
function parseStoredMeta(fields: Readonly<Record<string, string>>): StoredMeta {
  const entries = Object.entries(fields)
  const isSequence = ([name]: [string, string]) => name.startsWith(SEQUENCE)
  const counters = entries.filter(entry => !isSequence(entry) && entry[0].includes('/'))
  const tally = Object.fromEntries(counters.map(([name, count]) => [name, Number(count)]))
  const sequences = Object.fromEntries(
    entries.filter(isSequence).map(([name, sequence]) => [name.slice(SEQUENCE.length), sequence]),
  )
  const { rebuild } = fields
  return {
    ...readMeta(fields),
    ...(rebuild && { rebuild: JSON.parse(rebuild) as Rebuild }),
    tally,
    sequences,
  }
}

/**
 * Collects items without repetitions. Pages may overlap, and an id may occur in several generations. The first occurrence is kept,
 * because newer generations come first.
 */
export async function collectUnique<T>(all: AsyncIterable<T>, getName: (item: T) => string): Promise<T[]> {
  const found = new Map<string, T>()
  for await (const item of all) if (!found.has(getName(item))) found.set(getName(item), item)
  return [...found.values()]
}
