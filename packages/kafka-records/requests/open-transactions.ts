/** Finds the open transactions behind which nothing can be read, and describes them. */
import type { Broker, Cluster } from '../kafkajs-internals.ts'
import { fetchMetadata, lookUpBrokers, partitionsByLeader } from './leaders.ts'
import { edgesQuestion } from './list-offsets.ts'
import {
  producersQuestion,
  type Transaction,
  transactionalIdsQuestion,
  transactionsQuestion,
} from './transactions.ts'
import { askBroker } from './wire.ts'

/** Open transaction in a partition. Fields that Kafka does not report to this client are absent. */
export interface OpenTransaction {
  readonly topic: string
  readonly partition: number
  /** Offset after the last readable record, which is the first offset of the transaction. */
  readonly end: number
  readonly highWatermark: number
  readonly producerId?: number
  /** Start of the transaction or, if its coordinator does not report it, time of the producer's last record. Epoch milliseconds. */
  readonly sinceMs?: number
  readonly transactionalId?: string
  /** Time from the start after which the coordinator aborts the transaction, in milliseconds. */
  readonly timeoutMs?: number
}

/**
 * Returns the open transactions of topics, one for each partition whose readable end is before its high watermark. A leader that
 * does not answer is left out.
 *
 * @param names topics; missing ones have no transactions
 * @throws the error of the first leader if none answers
 */
export async function readOpenTransactions(
  cluster: Cluster,
  names: readonly string[],
): Promise<OpenTransaction[]> {
  const byLeader = partitionsByLeader((await fetchMetadata(cluster, names)).topics)
  await lookUpBrokers(cluster, [...byLeader.keys()])
  const found = await askEach(cluster, [...byLeader.keys()], (broker, id) =>
    readAtLeader(broker, byLeader.get(Number(id)) ?? []),
  )
  const producerIds = [...new Set(found.flatMap(({ producerId }) => producerId ?? []))]
  if (producerIds.length === 0) return found
  const known = await askEach(cluster, cluster.getNodeIds(), async broker => {
    const ids = await askBroker(broker, transactionalIdsQuestion(producerIds))
    return ids.length === 0 ? [] : askBroker(broker, transactionsQuestion(ids))
  }).catch(() => [])
  return found.map(one => ({ ...one, ...findTransaction(one, known) }))
}

async function askEach<T>(
  cluster: Cluster,
  ids: readonly (number | string)[],
  ask: (broker: Broker, id: number | string) => Promise<readonly T[]>,
): Promise<T[]> {
  const asked = ids.map(async id => ask(await cluster.findBroker({ nodeId: String(id) }), id))
  const answers = await Promise.allSettled(asked)
  if (answers.every(({ status }) => status === 'rejected')) await asked[0]
  return answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
}

const toKey = ({ topic, partition }: Pick<OpenTransaction, 'topic' | 'partition'>) => `${topic}/${partition}`

async function readAtLeader(
  broker: Broker,
  led: readonly { topic: string; partitions: number[] }[],
): Promise<OpenTransaction[]> {
  const readEdges = async (edge: 'high-watermark' | 'end') => {
    const edges = (await askBroker(broker, edgesQuestion(led, edge))).filter(
      ({ errorCode }) => errorCode === 0,
    )
    return new Map(edges.map(found => [toKey(found), found.offset]))
  }
  // Ask for the high watermark first, because records that arrive in the meantime are readable.
  const [highWatermarks, ends] = [await readEdges('high-watermark'), await readEdges('end')]
  const apart = led.flatMap(({ topic, partitions }) =>
    partitions.flatMap(partition => {
      const key = toKey({ topic, partition })
      const [end = 0, highWatermark = 0] = [ends.get(key), highWatermarks.get(key)]
      return ends.has(key) && end < highWatermark ? [{ topic, partition, end, highWatermark }] : []
    }),
  )
  if (apart.length === 0) return []
  const topics = apart.map(({ topic, partition }) => ({ topic, partitions: [partition] }))
  // Brokers before 2.8 do not report producers, and others may refuse to.
  const described = await askBroker(broker, producersQuestion(topics)).catch(() => [])
  return apart.flatMap(one => {
    const own = described.find(other => toKey(other) === toKey(one))
    if (own?.errorCode !== 0) return [one]
    const first = own.producers.find(({ firstOffset }) => firstOffset === one.end)
    // Without one, the transaction has ended in the meantime.
    return first ? [{ ...one, producerId: first.producerId, sinceMs: first.lastMs }] : []
  })
}

/** Returns what the coordinator reports. A transaction that it has ended, or that is another one, has no start and no timeout. */
function findTransaction(
  one: OpenTransaction,
  known: readonly Transaction[],
): Pick<OpenTransaction, 'transactionalId' | 'sinceMs' | 'timeoutMs'> {
  const own = known.find(({ errorCode, producerId }) => errorCode === 0 && producerId === one.producerId)
  if (!own) return {}
  const { transactionalId, state, startMs, timeoutMs, partitions } = own
  const isOpen = /^(Ongoing|Prepare)/.test(state) && partitions.includes(toKey(one))
  return { transactionalId, ...(isOpen && { sinceMs: startMs, timeoutMs }) }
}

/** Time after which an open transaction is reported, in milliseconds. Most last seconds. */
export const OPEN_FOR_MS = 60_000

/** Returns a phrase about a transaction, and whole sentences that say how to end it. Pure. */
export function describeOpenTransaction(one: OpenTransaction): {
  readonly says: string
  readonly todo: string
} {
  const {
    topic,
    partition,
    end,
    highWatermark,
    producerId = 'unknown',
    transactionalId,
    sinceMs,
    timeoutMs,
  } = one
  const formatTime = (ms?: number) => (ms === undefined ? 'an unknown time' : new Date(ms).toISOString())
  // Ids are chosen by other applications.
  const id = transactionalId === undefined ? 'unknown' : JSON.stringify(transactionalId)
  const timeout =
    sinceMs === undefined || timeoutMs === undefined
      ? 'Its coordinator does not report it to this client, so it may stay open'
      : `Kafka aborts it by its timeout at ${formatTime(sinceMs + timeoutMs)}`
  return {
    says: `${topic}/${partition} can be read to offset ${end} only, and its high watermark is ${highWatermark}: a transaction is open since ${formatTime(sinceMs)}, of producer ${producerId} (transactional id ${id}), with the first offset ${end}`,
    todo: `${timeout}. It ends at once when a producer starts with the same transactional id, or with \`kafka-transactions.sh --bootstrap-server BROKER abort --topic ${topic} --partition ${partition} --start-offset ${end}\`.`,
  }
}
