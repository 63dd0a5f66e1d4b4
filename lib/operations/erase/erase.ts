/**
 * Erases one entity: finds its states, appends the erasure to each topic, waits until every consumer has applied it, and reports
 * the result.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import { RedisReplaceableStates } from '#runtime/adapters/redis/replaceable-states.ts'
import { StateList } from '#runtime/adapters/redis/state-list.ts'
import { ensureTrace } from '#runtime/cloudevents/index.ts'
import { parseEntity } from '#runtime/consumer/index.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'
import { broadcast } from '#runtime/producer/broadcast.ts'
import { describeKafka } from '../../diagnosis/server-standards.ts'
import { type Holding, readHoldings } from '../../queries/states/erasable-states.ts'
import { listStateKeys } from '../../tables/table.ts'
import { type Erasure, entityErased } from '../../telemetry/erasure.ts'
import type { ChangedEnvironment, Running } from '../operation.ts'
import { OperationFailure } from '../operation-failure.ts'
import { listSignalTopics } from '../state-keys.ts'
import { resolveErasureTarget } from './erasure-target.ts'
import {
  type ConsumerErasure,
  type ErasurePlace,
  formatWaiting,
  waitUntilApplied,
} from './wait-until-applied.ts'

/** Topic whose consumers store a state for each entity. */
export interface ErasedTopic {
  readonly topic: string
  readonly partitions: number
  readonly consumers: readonly string[]
}

/** Plan of an erasure. */
export interface ErasurePlan {
  /** Full name of the entity: source and subject, separated by a space. */
  readonly entity: string
  /** Topics in the order in which the erasure is appended to them. */
  readonly topics: readonly ErasedTopic[]
  /** States of the entity in all consumers. */
  readonly holdings: readonly Holding[]
  /** Partition states that contain the entity but are not covered by these topics, so the erasure does not reach them. */
  readonly notReached: readonly StateKey[]
}

/** Result of an erasure. */
export interface ErasureReport {
  readonly erasureId: string
  /** Positions of the erasure records in the log. */
  readonly records: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  readonly consumers: readonly ConsumerErasure[]
}

/**
 * Returns the plan of an erasure: the entity, its states, and the topics to which the erasure is appended.
 *
 * @param wanted full name of the entity, or its subject
 * @param topics topics whose consumers the erasure reaches
 * @throws OperationFailure if no entity or several entities match
 */
export async function planErasure(
  environment: ChangedEnvironment,
  wanted: string,
  topics: readonly ErasedTopic[],
): Promise<ErasurePlan> {
  const reached = topics.flatMap(listStates)
  const names = new Set(reached.map(toName))
  const inspection = await environment.inspection()
  const ownTopics = new Set(listSignalTopics(environment.config).map(topic => topic.topic))
  const states = new StateList(await environment.connections.redis())
  const others = (await states.names()).filter(name => ownTopics.has(name.topic) && !names.has(toName(name)))
  const entity = await resolveErasureTarget(inspection, [...reached, ...others], wanted)
  return {
    entity,
    topics,
    holdings: await readHoldings(inspection, reached, entity),
    notReached: (await readHoldings(inspection, others, entity)).map(toStateKey),
  }
}

/**
 * Appends the erasure to every partition of a topic, waits for the consumers, and continues with the next topic. The wait is
 * necessary because consumers of one topic publish events to the next topic. These events must precede the erasure there. Every
 * partition is included, because an entity can have states in several: with random keys, with keys of another partitioner, or after
 * an increase of the partition count.
 *
 * @param timeoutMs timeout of all waits together. The erasure is appended to every topic even if the timeout is exceeded.
 * @throws OperationFailure if Kafka does not accept the erasure
 */
export async function runErasure(
  environment: ChangedEnvironment,
  { entity, topics }: ErasurePlan,
  timeoutMs: number,
  { id: erasureId, counts, stop, showProgress }: Pick<Running, 'id' | 'counts' | 'stop' | 'showProgress'>,
): Promise<ErasureReport> {
  const inspection = await environment.inspection()
  const { rebuilds } = new RedisReplaceableStates(await environment.connections.redis())
  const erasure = { erasureId, requestedAt: new Date().toISOString() }
  const endMs = performance.now() + timeoutMs
  const records: ErasureReport['records'][number][] = []
  const places: ErasurePlace[] = []
  let consumers: readonly ConsumerErasure[] = []
  showProgress(() => formatWaiting(consumers))
  for (const topicName of topics) {
    const { topic } = topicName
    const offsets = await appendErasure(environment, entity, topicName, erasure)
    counts.records = (counts.records ?? 0) + offsets.length
    records.push(...offsets.map((offset, partition) => ({ topic, partition, offset })))
    places.push(
      ...listStates(topicName).map(state => ({ ...state, offset: offsets[state.partition] as number })),
    )
    // A rebuild that was interrupted may have the entity, and reads no further.
    for (const state of listStates(topicName)) await rebuilds.abandon(state)
    const patience = {
      timeoutMs: Math.max(0, endMs - performance.now()),
      nowMs: () => performance.now(),
      pause: (ms: number) => sleep(ms, undefined, { signal: stop }),
      stop,
    }
    await waitUntilApplied(inspection, places, patience, progress => {
      consumers = progress
    })
  }
  return { erasureId, records, consumers }
}

async function appendErasure(
  { config, connections }: ChangedEnvironment,
  entity: string,
  { topic, partitions }: ErasedTopic,
  erasure: Omit<Erasure, 'partition'>,
): Promise<readonly number[]> {
  const createEvent = (partition: number) =>
    ensureTrace(entityErased(parseEntity(entity), { ...erasure, partition }))
  try {
    const publisher = await connections.publisher()
    return await broadcast(publisher, topic, config, createEvent, partitions)
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RefusedByKafka)) throw error
    throw new OperationFailure(
      `Kafka at ${describeKafka(config).address} has not acknowledged the erasure: some partitions may have it and others not. Erase the ` +
        `entity again; a repeat has no further effect. ${error.message}`,
    )
  }
}

function listStates({ topic, partitions, consumers }: ErasedTopic): StateKey[] {
  return consumers.flatMap(consumer => listStateKeys(consumer, { topic, partitions }))
}

function toName({ consumer, topic, partition }: StateKey): string {
  return `${consumer} ${topic} ${partition}`
}

function toStateKey({ consumer, topic, partition }: StateKey): StateKey {
  return { consumer, topic, partition }
}
