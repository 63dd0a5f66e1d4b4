/**
 * Reads a range of a partition without a consumer group. Joining a group would take seconds, require permissions on groups, and
 * cause rebalances.
 */
import {
  type Cluster,
  createCluster,
  type FetchedMessage,
  formatPartition,
  listHeaders,
  OpenBatches,
  UnreadableBytes,
} from '@sluice/kafka-records'
import { askBroker, topicIdsQuestion } from '@sluice/kafka-records/requests'
import type { Kafka } from 'kafkajs'
import type { LogRecord } from '../../cloudevents/record.ts'
import { PartitionStopped, Unavailable } from '../../pipeline/errors.ts'
import type { LogIdentity, OffsetRange, ReadRange } from '../../pipeline/model/log.ts'
import { type LogReader, MAX_READ_BYTES } from '../../pipeline/ports.ts'
import { serverUnavailable } from '../server-failure.ts'
import { askLeaders, PATIENCE_OF_AN_INVOCATION } from './ask-leaders.ts'
import { brokersAnswer, isAway, isRefusal, isRetriableAnswer } from './availability.ts'
import { ReconnectingClient } from './reconnecting-client.ts'

/**
 * Isolation levels with their numbers in the protocol. They determine whether a reader receives records of unfinished and aborted
 * transactions.
 */
const ISOLATION = { 'read-uncommitted': 0, 'read-committed': 1 } as const
export type Isolation = keyof typeof ISOLATION

/** Size limit for the response to a fetch, in compressed bytes. */
const FETCH_BYTES = 1024 * 1024
/** Size limit for a fetch of a single record, in bytes. Kafka returns at least one batch, regardless of the limit. */
const ONE_BATCH = 1

/**
 * Maximum number of partially read batches in memory, one per partition. It equals the usual number of partitions, because all
 * partitions are read alternately after Redis has lost its state.
 */
const OPEN_BATCHES = 12

/** Code with which Kafka answers for a topic that does not exist. */
const UNKNOWN_TOPIC = 3

/** Id of a topic that has none. */
const NO_ID = /^0*$/

/** A range of offsets to read, optionally restricted to records that contain the bytes `holding`. */
interface SearchedRange extends OffsetRange {
  readonly holding: Buffer | undefined
}

export class KafkaLogReader implements LogReader {
  readonly #isolation: Isolation
  readonly #cluster: ReconnectingClient<Cluster>
  readonly #open = new OpenBatches(OPEN_BATCHES)
  readonly #firsts = new WeakMap<Cluster, FirstRequests>()
  #hasTopicIds = true

  /**
   * Creates a reader.
   *
   * @param isolation isolation level; must be the isolation level of the event source mapping, so that both read the same records
   */
  constructor(kafka: Kafka, isolation: Isolation = 'read-committed') {
    this.#isolation = isolation
    const open = async () => {
      const isolationLevel = ISOLATION[isolation]
      const cluster = createCluster(kafka, { allowAutoTopicCreation: false, isolationLevel })
      await cluster.connect()
      return cluster
    }
    this.#cluster = new ReconnectingClient(open, cluster => cluster.disconnect())
  }

  async read(topic: string, partition: number, range: OffsetRange, holding?: string): Promise<ReadRange> {
    const wanted = { ...range, holding: holding === undefined ? undefined : Buffer.from(holding) }
    try {
      const ask = () => this.#cluster.use(cluster => this.#read(cluster, topic, partition, wanted))
      return await askLeaders(ask, PATIENCE_OF_AN_INVOCATION)
    } catch (error) {
      throw toReadError(error, `${topic}/${partition} cannot be read from offset ${range.fromOffset} on`)
    }
  }

  async identity(topic: string): Promise<LogIdentity | undefined> {
    const { clusterId, id, errorCode } = await this.#describe(topic)
    if (errorCode !== 0) throw unavailable(`Kafka does not know the id of ${topic} yet: error ${errorCode}`)
    return NO_ID.test(id) ? undefined : { cluster: clusterId ?? '', topicId: id }
  }

  /** Returns false if Kafka answers that it has no topic with this name. */
  async exists(topic: string): Promise<boolean> {
    return (await this.#describe(topic)).errorCode !== UNKNOWN_TOPIC
  }

  /** Returns the id of a topic, or the code of the error with which Kafka answers. */
  async #describe(topic: string) {
    const unknown = { clusterId: undefined, id: '', errorCode: 0 }
    if (!this.#hasTopicIds) return unknown
    try {
      const ask = () =>
        this.#cluster.use(async cluster =>
          askBroker(await cluster.brokerPool.findConnectedBroker(), topicIdsQuestion([topic])),
        )
      const { clusterId, topics } = await askLeaders(ask, PATIENCE_OF_AN_INVOCATION)
      return { ...(topics.find(known => known.topic === topic) ?? unknown), clusterId }
    } catch (error) {
      if (brokersAnswer(error) !== 'UNSUPPORTED_VERSION')
        throw toReadError(error, `the id of ${topic} cannot be read`)
      this.#hasTopicIds = false
      return unknown
    }
  }

  leave(topic: string, partition: number): void {
    this.#open.leave(formatPartition({ topic, partition }))
  }

  close(): Promise<void> {
    return this.#cluster.close()
  }

  async #read(cluster: Cluster, topic: string, partition: number, range: SearchedRange): Promise<ReadRange> {
    try {
      const firsts = this.#firsts.get(cluster) ?? new FirstRequests()
      this.#firsts.set(cluster, firsts)
      await firsts.one(`topic ${topic}`, () => cluster.addTargetTopic(topic))
      const leader = requireLeader(cluster, topic, partition)
      return await firsts.one(`broker ${leader}`, () => this.#readFrom(cluster, topic, partition, range))
    } catch (error) {
      // Other partitions are read over the same connection, so it is closed only if it may be broken.
      if (brokersAnswer(error) === 'OFFSET_OUT_OF_RANGE')
        throw await outOfRange(cluster, topic, partition, range.fromOffset)
      // In these cases, Kafka has responded, so the connection works. The refresh fails if any topic was deleted, because the
      // library requests all topics together.
      if (error instanceof Unavailable || isRetriableAnswer(error))
        await cluster.refreshMetadata().catch(() => this.#cluster.drop())
      else await this.#cluster.drop()
      throw error
    }
  }

  async #readFrom(
    cluster: Cluster,
    topic: string,
    partition: number,
    range: SearchedRange,
  ): Promise<ReadRange> {
    const logStart = await fetchEdge(cluster, topic, partition, 'start')
    const fromOffset = Math.max(range.fromOffset, logStart)
    if (fromOffset > range.toOffset) return { records: [], nextOffset: range.toOffset + 1, logStart }
    const messages = await this.#fetch(cluster, topic, partition, { ...range, fromOffset })
    const last = messages.at(-1)
    // Records exist, because a later record was delivered. Either an open transaction hides them, or this replica has just become
    // the leader.
    if (!last)
      throw unavailable(`Kafka returned no records of ${topic}/${partition} from offset ${fromOffset} on`)
    // Records after the range were delivered already, so do not keep a second copy in memory.
    const wanted = messages.filter(
      ({ offset, isControlRecord }) => !isControlRecord && Number(offset) <= range.toOffset,
    )
    const records = wanted.map(message => toLogRecord(topic, partition, message))
    return { records, nextOffset: Math.min(Number(last.offset), range.toOffset) + 1, logStart }
  }

  /** Fetches the records from an offset on, without records of aborted transactions. */
  async #fetch(
    cluster: Cluster,
    topic: string,
    partition: number,
    { fromOffset, toOffset, holding }: SearchedRange,
  ): Promise<readonly FetchedMessage[]> {
    const bytes = fromOffset === toOffset ? ONE_BATCH : FETCH_BYTES
    const broker = await cluster.findBroker({ nodeId: requireLeader(cluster, topic, partition) })
    const { responses } = await broker.fetch({
      // The read may take long, because no consumer group waits for it.
      isPatient: true,
      mostBytes: MAX_READ_BYTES,
      open: this.#open,
      holding,
      isolationLevel: ISOLATION[this.#isolation],
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: bytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(fromOffset), maxBytes: bytes }] }],
    })
    const messages = responses[0]?.partitions[0]?.messages ?? []
    // Remove earlier records, because a broker returns whole batches, which can begin before the requested offset.
    return messages.filter(({ offset }) => Number(offset) >= fromOffset)
  }
}

/**
 * Sends the first requests of a kind one at a time. If they were sent concurrently, the library would open a connection for each
 * request and forget all except the last. The forgotten connections would keep the process alive.
 */
class FirstRequests {
  readonly #answered = new Set<string>()
  #last: Promise<unknown> = Promise.resolve()

  one<T>(kind: string, request: () => Promise<T>): Promise<T> {
    if (this.#answered.has(kind)) return request()
    const answer = this.#last.then(request)
    this.#last = answer.then(
      () => this.#answered.add(kind),
      () => {},
    )
    return answer
  }
}

async function fetchEdge(
  cluster: Cluster,
  topic: string,
  partition: number,
  edge: 'start' | 'end',
): Promise<number> {
  const partitions = [{ partition }]
  const [found] = await cluster.fetchTopicsOffset([{ topic, fromBeginning: edge === 'start', partitions }])
  return Number(found?.partitions[0]?.offset)
}

/**
 * Returns the error for an offset out of range. The caller has read a record at this offset before. If the log ends before this
 * offset, the topic was recreated or truncated.
 */
async function outOfRange(cluster: Cluster, topic: string, partition: number, offset: number) {
  const end = await fetchEdge(cluster, topic, partition, 'end')
  // Retention has just removed the record. The next attempt uses the new start of the log.
  if (offset < end) return unavailable(`${topic}/${partition} now begins after offset ${offset}`)
  const message = `${topic}/${partition} ends at offset ${end}, but ${offset} was read before: the topic was recreated or truncated`
  return new PartitionStopped('another-log', message)
}

function requireLeader(cluster: Cluster, topic: string, partition: number): string {
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  if (leader === undefined) throw unavailable(`${topic}/${partition} has no leader`)
  return leader
}

function unavailable(message: string): Unavailable {
  return new Unavailable('broker-unavailable', message)
}

/** Converts temporary errors to `Unavailable`. Other errors are returned unchanged with their stack. */
function toReadError(error: unknown, what: string): unknown {
  if (error instanceof Unavailable || error instanceof PartitionStopped) return error
  const message = `${what}: ${(error as Error).message}`
  if (isAway(error)) return serverUnavailable('kafka', error)
  if (isRefusal(error) || error instanceof UnreadableBytes)
    return new PartitionStopped('log-unreadable', message, { cause: error })
  return error
}

/** A message in the form of the client library. `oversizeBytes` is present only if this project has decoded the message. */
type Message = FetchedMessage & { readonly oversizeBytes?: number | undefined }

/** Converts a message of the library to a log record. */
export function toLogRecord(topic: string, partition: number, message: Message): LogRecord {
  const { oversizeBytes } = message
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: listHeaders(message),
    ...(oversizeBytes === undefined ? {} : { oversizeBytes }),
  }
}
