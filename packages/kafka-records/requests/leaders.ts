/** Finds the brokers of a cluster, and the leaders of partitions. */
import type { Broker, Cluster } from '../kafkajs-internals.ts'
import { type ClusterMetadata, metadataQuestion } from './metadata.ts'
import { askBroker } from './wire.ts'

/**
 * Returns brokers, topics and partitions, including partitions without a leader.
 *
 * @param topics topic names; all topics by default
 */
export async function fetchMetadata(
  cluster: Cluster,
  topics: readonly string[] | null = null,
): Promise<ClusterMetadata> {
  return askBroker(await cluster.brokerPool.findConnectedBroker(), metadataQuestion(topics))
}

/**
 * Makes the library look up unknown brokers. The library also looks up its target topics, and fails if one of their partitions has
 * no leader. Therefore, a topic is selected whose partitions all have leaders.
 */
export async function lookUpBrokers(cluster: Cluster, brokers: readonly number[]): Promise<void> {
  const knownIds = cluster.getNodeIds()
  if (brokers.every(id => knownIds.includes(String(id)))) return
  const { topics } = await fetchMetadata(cluster)
  const whole = topics.find(
    ({ errorCode, partitions }) => errorCode === 0 && partitions.every(({ leader }) => leader >= 0),
  )
  cluster.targetTopics = new Set(whole ? [whole.topic] : [])
  // Ignore the error: a later request to an unknown broker fails and is reported.
  await cluster.refreshMetadata().catch(() => {})
}

interface Led {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly leader: number }[]
}

/** Groups the partitions by the id of their leader and by topic. */
export function partitionsByLeader(
  topics: readonly Led[],
): Map<number, { topic: string; partitions: number[] }[]> {
  const byLeader = new Map<number, { topic: string; partitions: number[] }[]>()
  for (const { topic, partitions } of topics)
    for (const { partition, leader } of partitions) {
      if (leader < 0) continue
      const led = byLeader.get(leader) ?? []
      byLeader.set(leader, led)
      const last = led.at(-1)
      if (last?.topic === topic) last.partitions.push(partition)
      else led.push({ topic, partitions: [partition] })
    }
  return byLeader
}

/** Response of a broker, or the error of the request to it. */
export type OfBroker<T> = { readonly broker: number } & ({ readonly answer: T } | { readonly error: unknown })

/** Sends a request to several brokers concurrently. A broker that does not respond does not affect the others. */
export async function eachBroker<T>(
  cluster: Cluster,
  brokers: readonly number[],
  ask: (broker: Broker, id: number) => Promise<T>,
): Promise<OfBroker<T>[]> {
  await lookUpBrokers(cluster, brokers)
  return Promise.all(
    brokers.map(async id => {
      try {
        return { broker: id, answer: await ask(await cluster.findBroker({ nodeId: String(id) }), id) }
      } catch (error) {
        return { broker: id, error }
      }
    }),
  )
}

/** Returns the responses of brokers. @throws the error of the first broker if none has responded */
export function listAnswers<T>(responses: readonly OfBroker<T>[]): T[] {
  const answers = responses.flatMap(response => ('answer' in response ? [response.answer] : []))
  const [failed] = responses.flatMap(response => ('error' in response ? [response] : []))
  if (failed && answers.length === 0) throw failed.error
  return answers
}
