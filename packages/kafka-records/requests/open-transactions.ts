/** Finds the open transactions behind which nothing can be read, and describes them. */
import type { Broker, Cluster } from '../kafkajs-internals.ts'
import { eachBroker, fetchMetadata, listAnswers, partitionsByLeader } from './leaders.ts'
import { edgesQuestion } from './list-offsets.ts'
import { producersQuestion, transactionalIdsQuestion, transactionsQuestion } from './transactions.ts'
import { askBroker } from './wire.ts'

/** Open transaction in a partition. Fields that Kafka does not report to this client are absent. */
export interface OpenTransaction {
  readonly topic: string
  readonly partition: number
  /** Offset after the last readable record. */
  readonly end: number
  readonly highWatermark: number
  /** First offset of the transaction. It is before `end` if its first records were deleted. */
  readonly firstOffset?: number
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
  const found = await eachBroker(cluster, [...byLeader.keys()], (broker, id) =>
    readAt(broker, byLeader.get(id) ?? []),
  )
  const open = listAnswers(found).flat()
  const producerIds = [...new Set(open.flatMap(({ producerId }) => producerId ?? []))]
  if (producerIds.length === 0) return open
  const known = await eachBroker(cluster, cluster.getNodeIds().map(Number), async broker => {
    const ids = await askBroker(broker, transactionalIdsQuestion(producerIds))
    return ids.length === 0 ? [] : askBroker(broker, transactionsQuestion(ids))
  })
  const transactions = known.flatMap(of => ('answer' in of ? of.answer : []))
  return open.map(one => {
    const own = transactions.find(of => of.errorCode === 0 && of.producerId === one.producerId)
    if (!own) return one
    const { transactionalId, startMs: sinceMs, timeoutMs, places } = own
    // Its coordinator may have ended the transaction, or know another one.
    return { ...one, transactionalId, ...(places.includes(toPlace(one)) && { sinceMs, timeoutMs }) }
  })
}

const toPlace = ({ topic, partition }: Pick<OpenTransaction, 'topic' | 'partition'>) =>
  `${topic}/${partition}`

/** @param led partitions whose leader is the broker */
async function readAt(
  broker: Broker,
  led: readonly { topic: string; partitions: number[] }[],
): Promise<OpenTransaction[]> {
  // Ask for the high watermark first, because records that arrive in the meantime are readable.
  const watermarks = await askBroker(broker, edgesQuestion(led, 'high-watermark'))
  const ends = new Map(
    (await askBroker(broker, edgesQuestion(led, 'end'))).map(edge => [toPlace(edge), edge]),
  )
  const apart = watermarks.flatMap(({ topic, partition, errorCode, offset: highWatermark }) => {
    const end = ends.get(toPlace({ topic, partition }))
    if (errorCode !== 0 || end?.errorCode !== 0 || end.offset >= highWatermark) return []
    return [{ topic, partition, end: end.offset, highWatermark }]
  })
  if (apart.length === 0) return []
  // Brokers before 2.8 do not report producers, and others may refuse to.
  const topics = [...Map.groupBy(apart, ({ topic }) => topic)].map(([topic, of]) => {
    return { topic, partitions: of.map(({ partition }) => partition) }
  })
  const described = await askBroker(broker, producersQuestion(topics)).catch(() => [])
  const byPlace = new Map(described.flat().map(({ place, ...of }) => [place, of]))
  return apart.flatMap(one => {
    const own = byPlace.get(toPlace(one))
    if (own?.errorCode !== 0) return [one]
    const first = own.producers.find(({ firstOffset }) => firstOffset >= 0 && firstOffset <= one.end)
    // Without one, the transaction has ended in the meantime.
    if (!first) return []
    const { producerId, firstOffset, lastMs: sinceMs } = first
    return [{ ...one, producerId, firstOffset, ...(sinceMs >= 0 && { sinceMs }) }]
  })
}

/** Time after which an open transaction is reported, in milliseconds. Most last seconds. */
export const OPEN_FOR_MS = 60_000

/** Finds the transactions that are open for long, among those of repeated looks. */
export class LongTransactions {
  /** Last transaction of each partition. */
  readonly #seen = new Map<string, { first: number; sinceMs: number; isLong: boolean }>()

  /** Returns those that are open for long. Without a start, a transaction counts from the first look at it. */
  select(found: readonly OpenTransaction[], nowMs: number) {
    return found.flatMap(one => {
      const seen = this.#seen.get(toPlace(one))
      const first = one.firstOffset ?? one.end
      const before = seen?.first === first ? seen : { sinceMs: nowMs, isLong: false }
      const sinceMs = Math.min(one.sinceMs ?? nowMs, before.sinceMs)
      const isLong = nowMs - sinceMs > OPEN_FOR_MS
      this.#seen.set(toPlace(one), { first, sinceMs, isLong })
      return isLong ? [{ ...one, sinceMs, isNew: !before.isLong }] : []
    })
  }
}

/** Returns a phrase about a transaction, and whole sentences that say how to end it. Pure. */
export function describeOpenTransaction(one: OpenTransaction): {
  readonly says: string
  readonly todo: string
} {
  const { topic, partition, end, firstOffset = end, producerId = 'unknown', sinceMs, timeoutMs } = one
  const since = sinceMs === undefined ? 'an unknown time' : new Date(sinceMs).toISOString()
  // Ids are chosen by other applications.
  const id = one.transactionalId === undefined ? 'unknown' : JSON.stringify(one.transactionalId)
  const timeout =
    sinceMs === undefined || timeoutMs === undefined
      ? 'Its coordinator does not report it to this client, so it may stay open'
      : `Kafka aborts it by its timeout at ${new Date(sinceMs + timeoutMs).toISOString()}`
  return {
    says: `${topic}/${partition} can be read to offset ${end} only, and its high watermark is ${one.highWatermark}: a transaction is open since ${since}, of producer ${producerId} (transactional id ${id}), with the first offset ${firstOffset}`,
    todo: `${timeout}. It ends at once when a producer starts with the same transactional id, or with \`kafka-transactions.sh --bootstrap-server BROKER abort --topic ${topic} --partition ${partition} --start-offset ${firstOffset}\`.`,
  }
}
