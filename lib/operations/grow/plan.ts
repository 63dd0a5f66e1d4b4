/** Plans how a larger partition count changes the partition states of each consumer. */
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import { isHolderName } from '../../../packages/runtime/pipeline/deciding/hold.ts'
import { heldParts } from '../../../packages/runtime/pipeline/deciding/stored-state.ts'
import type { Growing } from '../../../packages/runtime/pipeline/growth/repartition.ts'
import {
  type Counts,
  type EntityKey,
  movedTo,
  routed,
  type Staying,
  targetsOf,
} from '../../../packages/runtime/pipeline/growth/routes.ts'
import type { RememberedFailure } from '../../../packages/runtime/pipeline/model.ts'
import { KeyFinder } from './keys.ts'
import type { GrowingTopic } from './topic.ts'

/** Size of a stored event id in Redis, in bytes. The value was measured. */
const ID_BYTES = 31

export interface ConsumerPlan {
  readonly consumer: string
  readonly growing: Growing
  readonly entities: number
  /** Number of entities that will move to another partition. */
  readonly moving: number
  readonly staying: readonly Staying[]
  /**
   * Number of entities, by partition, that are held or have parked events that are not applied yet. Such entities cannot be moved.
   */
  readonly held: ReadonlyMap<number, number>
  readonly failures: number
  /**
   * Number of failures that are copied to all partitions to which they may belong, because they were retried or their records have
   * expired.
   */
  readonly copiedFailures: number
  readonly ids: number
  /** Redis memory for the copies of event ids, in bytes. It is used until the deduplication window ends. */
  readonly idBytes: number
}

/**
 * Returns a plan for each consumer.
 *
 * @param bounds offset bounds of the existing partitions
 */
export async function plansOf(
  topic: GrowingTopic,
  { consumers, ...counts }: Counts & { readonly generation: number; readonly consumers: readonly string[] },
  bounds: readonly Bounds[],
): Promise<ConsumerPlan[]> {
  const { from, to, generation } = counts
  const finder = new KeyFinder(topic.servers.log, topic.name, from)
  await learnKeys(topic, finder, consumers, bounds)
  const plans: ConsumerPlan[] = []
  for (const consumer of consumers)
    plans.push(await planOf(topic, finder, consumer, { from, to, generation }))
  return plans
}

/** Searches the log for the key of each entity that is stored by one of the consumers. */
async function learnKeys(
  topic: GrowingTopic,
  finder: KeyFinder,
  consumers: readonly string[],
  bounds: readonly Bounds[],
): Promise<void> {
  for (const [partition, own] of bounds.entries()) {
    const entities = new Set<string>()
    for (const consumer of consumers)
      for (const entity of (await keptIn(topic, consumer, partition)).entities) entities.add(entity)
    await finder.learn(partition, entities, own)
  }
}

async function planOf(
  topic: GrowingTopic,
  finder: KeyFinder,
  consumer: string,
  counts: Counts & { readonly generation: number },
): Promise<ConsumerPlan> {
  const found: EntityKey[] = []
  const old: Growing['old'][number][] = []
  const failures = new Map<string, number | undefined>()
  const held = new Map<number, number>()
  let [ids, extraIds, failureCount] = [0, 0, 0]
  for (const key of topic.keysOf(consumer, counts.from)) {
    const { partition } = key
    const meta = await topic.reader.meta(key)
    const hasContext = (await topic.reader.context(key)) !== undefined
    old.push({ partition, meta, hasContext })
    const kept = await keptIn(topic, consumer, partition)
    for (const entity of kept.entities)
      found.push({ partition, entity, key: finder.keyOf(partition, entity) })
    if (kept.held > 0) held.set(partition, kept.held)
    const known = await topic.reader.idCount(key, meta)
    ids += known
    extraIds += known * (targetsOf(partition, counts).length - 1)
    for await (const failure of topic.reader.failures(key)) {
      const name = failureName(partition, failure)
      if (failures.has(name)) continue
      failures.set(name, await failureRoute(finder, partition, failure, counts))
      failureCount += 1
    }
  }
  const { routes, staying } = routed(found, counts)
  const partitioning = { generation: counts.generation, partitions: counts.to }
  const growing: Growing = {
    ...counts,
    partitioning,
    old,
    routes,
    failureRoute: (partition, failure) => failures.get(failureName(partition, failure)),
  }
  return {
    consumer,
    growing,
    entities: found.length,
    moving: found.filter(({ partition, entity }) => routes(partition, entity) !== partition).length,
    staying,
    held,
    failures: failureCount,
    copiedFailures: [...failures.values()].filter(route => route === undefined).length,
    ids,
    idBytes: extraIds * ID_BYTES,
  }
}

interface EntityData {
  readonly entities: ReadonlySet<string>
  /** Number of entities that are held. */
  readonly held: number
}

/**
 * Returns the entities in a partition state. The state's counters cannot be used, because they do not include entities with parked
 * events.
 */
async function keptIn(topic: GrowingTopic, consumer: string, partition: number): Promise<EntityData> {
  const key = topic.keyOf(consumer, partition)
  const [entities, held, holders] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for await (const [entity, state] of topic.reader.states(key)) {
    if (isHolderName(entity)) holders.add(entity)
    else entities.add(entity)
    if (!isHolderName(entity) && heldParts(state).hold !== undefined) held.add(entity)
  }
  for await (const [entity] of topic.reader.timers(key)) entities.add(entity)
  return { entities, held: Math.max(held.size, holders.size) }
}

/**
 * Returns the partition to which a failure belongs. The result must be the same as for a redrive of the record, which uses
 * `presentPartition`. After the first attempt, the key of the failed record is the key in the log. After later attempts, it can
 * differ, because a redrive can patch the record.
 */
async function failureRoute(
  finder: KeyFinder,
  partition: number,
  failure: RememberedFailure,
  counts: Counts,
): Promise<number | undefined> {
  if (failure.attempt > 1) return undefined
  const key = await finder.keyAt(failure.partition, failure.offset)
  if (key === undefined) return undefined
  return key === null ? partition : (movedTo(key, partition, counts) ?? partition)
}

function failureName(partition: number, { id }: RememberedFailure): string {
  return `${partition} ${id}`
}
