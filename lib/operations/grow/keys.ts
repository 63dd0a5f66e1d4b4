/** Finds the record keys of entities and of failed records in the log of a topic. */

import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { entityOf, partsOfEntity } from '../../../packages/runtime/consumer/event.ts'
import { partitionOf } from '../../../packages/runtime/consumer/murmur2.ts'
import { movedTo } from '../../../packages/runtime/pipeline/growth/routes.ts'
import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { ENTITY_ERASED_TYPE } from '../../telemetry/erasure.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import { CLOCK_SOURCE } from '../../telemetry/tick.ts'
import { eventIn, recordsIn } from './log-tail.ts'

/** Number of offsets to read at once. The log is read backwards, because most entities have a recent record. */
const STRETCH = 5_000

/** Entity of the ticks. It is never moved, because each partition has its own ticks. */
const CLOCK = entityOf({ source: CLOCK_SOURCE })

/** Finds record keys in one topic. Each key is searched only once. */
export class KeyFinder {
  readonly #log: LogReader
  readonly #topic: string
  readonly #partitions: number
  readonly #found = new Map<number, Map<string, Buffer | null>>()
  /** Number of records read so far. */
  looked = 0

  /** @param partitions partition count before the growth */
  constructor(log: LogReader, topic: string, partitions: number) {
    this.#log = log
    this.#topic = topic
    this.#partitions = partitions
  }

  /**
   * Returns the record key of an entity in this partition. Null if none of its records in the log has a key; undefined if the key
   * is unknown.
   */
  keyOf(partition: number, entity: string): Buffer | null | undefined {
    if (entity === CLOCK) return null
    const found = this.#found.get(partition)?.get(entity)
    return found === undefined ? this.#usualKey(partition, entity) : found
  }

  /** Searches the log backwards for the keys of the entities, until all keys are found or the start of the log is reached. */
  async learn(partition: number, entities: ReadonlySet<string>, { start, end }: Bounds): Promise<void> {
    const found = this.#found.get(partition) ?? new Map<string, Buffer | null>()
    this.#found.set(partition, found)
    const missing = new Set([...entities].filter(entity => !this.#isSettled(partition, found.get(entity))))
    missing.delete(CLOCK)
    for (let toOffset = end; toOffset > start && missing.size > 0; ) {
      const fromOffset = Math.max(start, toOffset - STRETCH)
      for await (const record of recordsIn(this.#log, this.#topic, partition, { fromOffset, toOffset })) {
        this.looked += 1
        const entity = this.#entityIn(record)
        if (entity === undefined || !missing.has(entity)) continue
        const { key } = record
        if (this.#isSettled(partition, key) || (found.get(entity) ?? null) === null) found.set(entity, key)
      }
      for (const entity of missing) if (this.#isSettled(partition, found.get(entity))) missing.delete(entity)
      toOffset = fromOffset
    }
  }

  /** Returns the key of the record at an offset. Undefined if the record has expired or is too large to read. */
  async keyAt(partition: number, offset: number): Promise<Buffer | null | undefined> {
    const range = { fromOffset: offset, toOffset: offset + 1 }
    for await (const { key, oversizeBytes } of recordsIn(this.#log, this.#topic, partition, range))
      return key === null && oversizeBytes !== undefined ? undefined : key
    return undefined
  }

  /**
   * Returns whether the search for an entity's key is complete. If a record has no key, or a key that belongs to another partition,
   * it may be misrouted. The search then continues, because an older record may have the right key.
   */
  #isSettled(partition: number, key: Buffer | null | undefined): boolean {
    return key != null && partitionOf(key, this.#partitions) === partition
  }

  #entityIn(record: LogRecord): string | undefined {
    if (record.oversizeBytes !== undefined) return undefined
    const event = eventIn(record)
    // Erasures are skipped, because they are written to every partition, regardless of the entity's key.
    return event && event.type !== ENTITY_ERASED_TYPE ? entityOf(event) : undefined
  }

  /** Returns the default key of the entity's readings; undefined if it belongs to another partition. */
  #usualKey(partition: number, entity: string): Buffer | undefined {
    const counts = { from: this.#partitions, to: this.#partitions }
    const keys = usualKeys(entity).map(key => Buffer.from(key))
    return keys.find(key => movedTo(key, partition, counts) !== undefined)
  }
}

/** Returns the default keys of readings that have the `source` and `subject` of the entity. */
function usualKeys(entity: string): string[] {
  const { source, subject = '' } = partsOfEntity(entity)
  const group = decoded(source.split('/').at(-1) ?? '')
  const data = {
    sensorId: subject,
    instanceId: subject,
    deviceId: subject,
    location: { site: group },
    databaseType: group,
    model: group,
  }
  return Object.values(FAMILIES)
    .filter(family => family.source(data) === source && family.subject(data) === subject)
    .flatMap(({ keys, keyedBy }) => (keyedBy === 'random' ? [] : [keys[keyedBy](data)]))
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
