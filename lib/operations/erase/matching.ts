/**
 * Erases all entities whose names match a pattern, for example unwanted entities that a faulty producer has created. Each entity is
 * erased in the partitions that store its state.
 */
import { randomUUID } from 'node:crypto'
import type { StateReader } from '../../../packages/runtime/adapters/redis/state-reader.ts'
import { producedRecord } from '../../../packages/runtime/cloudevents/writer.ts'
import { partsOfEntity } from '../../../packages/runtime/consumer/event.ts'
import { entitiesMatching } from '../../queries/entities-matching.ts'
import { partitionsOf } from '../../tables/table.ts'
import { entityErased } from '../../telemetry/erasure.ts'
import { matchesText } from '../../text-match.ts'
import type { Counts } from '../audit.ts'
import type { ErasedTopic, Servers } from './erase.ts'

export interface MatchingTopic {
  readonly topic: string
  /** Names of the matching entities, by partition. */
  readonly entities: ReadonlyMap<number, ReadonlySet<string>>
}

export interface MatchingReport {
  readonly pattern: string
  readonly topics: readonly { readonly topic: string; readonly entities: number }[]
  /** Names of some of the matching entities. */
  readonly sample: readonly string[]
  readonly erased: number
}

const SAMPLE = 5
/** Maximum number of erasures in one request. */
const AT_ONCE = 500

/**
 * Finds the entities whose names match.
 *
 * @param topics topics with the consumers whose states are searched
 */
export async function matchingEntities(
  reader: StateReader,
  topics: readonly ErasedTopic[],
  pattern: string,
): Promise<MatchingTopic[]> {
  const found: MatchingTopic[] = []
  for (const { topic, partitions, consumers } of topics) {
    const states = consumers.flatMap(consumer => partitionsOf(consumer, { topic, partitions }))
    const entities = await entitiesMatching(reader, states, name => matchesText(pattern, name))
    found.push({ topic, entities })
  }
  return found
}

/**
 * Appends an erasure for each entity, until the operation is stopped.
 *
 * @param counts counts that are incremented with each request that Kafka has acknowledged
 * @returns the number of appended erasures
 */
export async function eraseAll(
  { config, connections }: Pick<Servers, 'config' | 'connections'>,
  found: readonly MatchingTopic[],
  counts: Counts,
  stop: AbortSignal,
): Promise<number> {
  counts.entities = 0
  const publisher = await connections.publisher()
  const requestedAt = new Date().toISOString()
  for (const { topic, entities } of found)
    for (const [partition, names] of entities)
      for (const some of chunks([...names])) {
        if (stop.aborted) return counts.entities
        await publisher.publish(
          some.map(name => {
            // Each erasure has a unique id, from which the ids of its events are derived.
            const erasure = { erasureId: randomUUID(), requestedAt, partition }
            const event = entityErased(partsOfEntity(name), erasure)
            return { ...producedRecord(topic, null, event, config.contentMode), partition }
          }),
        )
        counts.entities += some.length
      }
  return counts.entities
}

function* chunks(names: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < names.length; from += AT_ONCE) yield names.slice(from, from + AT_ONCE)
}

/** Returns how many entities would be erased, in total and by topic. */
export function matchingReport(pattern: string, found: readonly MatchingTopic[]): MatchingReport {
  const topics = found.map(({ topic, entities }) => ({
    topic,
    entities: [...entities.values()].reduce((sum, { size }) => sum + size, 0),
  }))
  const sample = found.flatMap(({ entities }) =>
    [...entities.values()].flatMap(names => [...names].slice(0, SAMPLE)),
  )
  return { pattern, topics, sample: sample.slice(0, SAMPLE), erased: 0 }
}
