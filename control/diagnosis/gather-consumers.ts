/** Gathers the progress of consumers from Kafka and Redis. */

import {
  type ClusterInspection,
  type Committed,
  describeGroups,
  fetchOffsetsByGroup,
  type GroupDescription,
  type Kafka,
  type KnownBounds,
} from '#runtime/operating/kafka'
import type { RedisCircuitBreaker, StateInspection } from '#runtime/operating/states'
import { type LogReader, OPEN_MS } from '#runtime/pipeline'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import { addAges, computePartitionLags } from '../queries/kafka/consumer-lag.ts'
import type { ConsumerFacts, FoundTopic, PartitionProgress, ReadTopicFacts } from './facts.ts'
import type { Observed } from './finding.ts'
import { observe } from './observe.ts'

/** Consumer in the list of functions, without its progress. */
export type ListedConsumer = Omit<ConsumerFacts, 'state' | 'partitions' | 'breakerOpenUntilMs'>

interface Sources {
  readonly kafka: Kafka
  readonly inspection: Pick<ClusterInspection, 'bounds'>
  readonly log: LogReader
  readonly states: Pick<StateInspection, 'summary'>
  readonly breaker: Pick<RedisCircuitBreaker, 'openedAt'>
}

/**
 * Returns the progress of consumers whose topics exist. The offsets that a group has committed are read before and after its state,
 * because both change meanwhile. A state is never behind the earlier offsets, and is ahead of the later ones by at most the current
 * batch.
 */
export async function gatherConsumerFacts(
  sources: Sources,
  consumers: readonly ListedConsumer[],
  topics: readonly ReadTopicFacts[],
): Promise<ConsumerFacts[]> {
  const there = consumers.flatMap(consumer => {
    const found = topics.find(({ topic }) => topic === consumer.topic)?.found
    return found && 'seen' in found && found.seen ? [{ consumer, found: found.seen }] : []
  })
  const groups = [...new Set(there.map(({ consumer }) => consumer.group))]
  const before = await observeGroups(sources.kafka, groups)
  const applied: (readonly Applied[])[] = []
  // States are read one after another, because a diagnosis must not put load on a Redis that consumers use.
  for (const { consumer, found } of there)
    applied.push(await readAppliedOffsets(sources.states, consumer, found))
  const after = await observeGroups(sources.kafka, groups)
  // Each topic is requested only once, because a broker rejects a request that contains a partition twice.
  const layouts = new Map(there.map(({ consumer: { topic }, found }) => [topic, { topic, ...found }]))
  const bounds = await observe(() =>
    awaitKafkaAnswer('offsets of topics', sources.inspection.bounds([...layouts.values()])),
  )
  const facts: ConsumerFacts[] = []
  for (const [index, { consumer }] of there.entries()) {
    const answers = [before.get(consumer.group), after.get(consumer.group)] as const
    facts.push({
      ...consumer,
      breakerOpenUntilMs: await observe(() => readBreakerEnd(sources.breaker, consumer.function)),
      state: getGroupState(answers[1]),
      partitions: await measureProgress(sources.log, consumer, answers, applied[index] ?? [], bounds),
    })
  }
  return facts
}

interface GroupFacts {
  readonly description: GroupDescription
  readonly committed: Committed
}

/**
 * Requests all groups at once. If Kafka rejects one of them, the groups are requested one by one, so that the others are still
 * reported.
 */
async function observeGroups(
  kafka: Kafka,
  groups: readonly string[],
): Promise<ReadonlyMap<string, Observed<GroupFacts>>> {
  const together = await observe(() => askGroups(kafka, groups))
  if ('seen' in together)
    return new Map(together.seen.map(groupFacts => [groupFacts.description.group, { seen: groupFacts }]))
  const found = new Map<string, Observed<GroupFacts>>()
  for (const group of groups) {
    const alone = await observe(() => askGroups(kafka, [group]))
    const [one] = 'seen' in alone ? alone.seen : []
    found.set(group, one ? { seen: one } : 'unseen' in alone ? alone : { unseen: 'no answer' })
  }
  return found
}

async function askGroups(kafka: Kafka, groups: readonly string[]): Promise<GroupFacts[]> {
  const what = groups.length === 1 ? `consumer group ${groups[0]}` : 'consumer groups'
  const descriptions = await awaitKafkaAnswer(what, describeGroups(kafka, groups))
  const committed = await awaitKafkaAnswer(what, fetchOffsetsByGroup(kafka, groups))
  return descriptions.map(description => {
    return { description, committed: committed.get(description.group) ?? new Map() }
  })
}

function getGroupState(answer: Observed<GroupFacts> | undefined): ConsumerFacts['state'] {
  if (!answer || 'unseen' in answer) return answer ?? { unseen: 'the group was not requested' }
  const { state, members } = answer.seen.description
  return { seen: { state, clients: (members ?? []).map(({ clientId }) => clientId) } }
}

/** Returns the time at which a circuit breaker closes, in milliseconds since the epoch; undefined if it never opened. */
export async function readBreakerEnd(
  breaker: Sources['breaker'],
  consumer: string,
): Promise<number | undefined> {
  const openedAtMs = await breaker.openedAt(consumer)
  return openedAtMs === undefined ? undefined : openedAtMs + OPEN_MS
}

type Applied = Pick<PartitionProgress, 'partition' | 'applied' | 'outbox'>

async function readAppliedOffsets(
  states: Sources['states'],
  { function: consumer, topic }: ListedConsumer,
  { partitions }: Pick<FoundTopic, 'partitions'>,
): Promise<Applied[]> {
  const summaries = await observe(() =>
    Promise.all(partitions.map(({ partition }) => states.summary({ consumer, topic, partition }))),
  )
  return partitions.map(({ partition }, index) => {
    const summary = 'seen' in summaries ? summaries.seen[index] : undefined
    return { partition, applied: summary?.appliedOffset ?? null, outbox: summary?.outbox ?? null }
  })
}

async function measureProgress(
  log: LogReader,
  { topic, isInput }: ListedConsumer,
  [before, after]: readonly [Observed<GroupFacts> | undefined, Observed<GroupFacts> | undefined],
  applied: readonly Applied[],
  bounds: Observed<KnownBounds>,
): Promise<ConsumerFacts['partitions']> {
  if (!before || 'unseen' in before) return before ?? { unseen: 'the group was not requested' }
  if (!after || 'unseen' in after) return after ?? { unseen: 'the group was not requested' }
  if ('unseen' in bounds) return bounds
  const topicBounds = bounds.seen.get(topic) ?? []
  const getCommittedOffset = (of: GroupFacts, partition: number) =>
    of.committed.get(topic)?.get(partition) ?? -1
  const lags = computePartitionLags(
    topicBounds,
    applied.map(({ partition }) => getCommittedOffset(after.seen, partition)),
  )
  const aged = isInput ? undefined : await addAges(log, { topic, partitions: lags, pending: 0 }, Date.now())
  // Markers and aborted records are committed, and no state applies them.
  const unapplied = computePartitionLags(
    topicBounds.map((bound, at) => bound && { ...bound, end: getCommittedOffset(before.seen, at) }),
    applied.map(own => (own.applied ?? Number.POSITIVE_INFINITY) + 1),
  )
  const gaps = await addAges(log, { topic, partitions: unapplied, pending: 0 }, Number.MAX_SAFE_INTEGER)
  const progress: PartitionProgress[] = []
  for (const own of applied) {
    const { partition } = own
    const bound = topicBounds[partition]
    if (!bound) return { unseen: `partition ${partition} of ${topic} does not report its offsets` }
    const gap = gaps.partitions.find(lag => lag.partition === partition)
    progress.push({
      ...own,
      ...bound,
      applied: gap && gap.pending > 0 && gap.seconds === 0 ? gap.end - 1 : own.applied,
      committedBefore: getCommittedOffset(before.seen, partition),
      committedAfter: getCommittedOffset(after.seen, partition),
      waitsSeconds: aged?.partitions.find(lag => lag.partition === partition)?.seconds ?? null,
    })
  }
  return { seen: progress }
}
