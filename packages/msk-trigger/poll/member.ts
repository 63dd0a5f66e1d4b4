import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { type Broker, type Cluster, hookClusters } from '@sluice/kafka-records'
import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs'
import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import { hasManyHeaders, type PolledMessage } from '../invoke/event.ts'
import { pause } from '../support/wait.ts'
import { fetchDelayMs, PARTITIONS_PER_FETCH } from './backpressure.ts'
import { GroupExit } from './group-exit.ts'
import type { StartOffsets } from './start-offsets.ts'

/**
 * Length of a pause after which the topic is checked before more records are delivered, in milliseconds. If the topic was created
 * again, a fetch that was waiting at a broker returns records of the new topic.
 */
const QUIET_MS = 50

/** Key of the request Fetch in the Kafka protocol. */
const FETCH = 1

/** Callbacks of a group member. All except `isSameTopic`, `mayDeliver` and `startOffsets` must return quickly. */
export interface MemberListener {
  /**
   * Called with the assigned partitions. Returns the positions of the partitions whose records are kept; empty if the group had
   * removed this member.
   */
  handleAssignment(partitions: readonly number[], isSameMember: boolean): ReadonlyMap<number, number>
  /**
   * Returns true if the topic has been neither deleted nor created again. If the topic does not exist, `rejoin` has been called.
   */
  isSameTopic(): Promise<boolean>
  /** Checks the same for records that arrive after a pause. If the result is false, `rejoin` has been called. */
  mayDeliver(): Promise<boolean>
  startOffsets(partitions: readonly number[]): Promise<StartOffsets>
  /** Called if the group had removed this member. @param silentMs time without a heartbeat before it joined again */
  handleRemoval(silentMs: number): void
  /** @param partitionCount number of all partitions of the topic, also those that other members read */
  handleReadStart(offsets: ReadonlyMap<number, number>, partitionCount: number): void
  /** Called when a fetch that started after `handleReadStart` has succeeded, with or without records. */
  handleFetch(): void
  /** Passes on fetched records. Resolves when more records may be fetched, which must be soon. */
  handleRecords(partition: number, messages: readonly PolledMessage[]): Promise<void>
}

export interface PartitionOffset {
  readonly partition: number
  readonly offset: number
}

/**
 * A member of a consumer group that uses kafkajs. It only fetches: records are passed on without waiting for their delivery.
 * Heartbeats therefore continue during long invocations and backoffs, and a blocked partition does not delay other partitions of
 * its broker.
 */
export class GroupMember {
  readonly #kafka: Kafka
  readonly #mapping: Mapping
  readonly #settings: Settings
  readonly #listener: MemberListener
  readonly #left = Promise.withResolvers<void>()
  readonly #exit: GroupExit
  #consumer: Consumer | undefined
  /** Connections of the current consumer. kafkajs does not expose them in its public interface. */
  #cluster: Pick<Cluster, 'findTopicPartitionMetadata' | 'refreshMetadata'> | undefined
  /** Functions that end the fetches under way, without records. */
  readonly #fetchEnds = new Set<() => Promise<void>>()
  /** Settled when the current consumer has joined for the first time, or has failed before its first join. */
  #started: Promise<void> = Promise.resolve()
  #commit: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  #rejoins = Promise.withResolvers<void>()
  #memberId: string | undefined
  /** Time of the last join or heartbeat, by `performance.now()`. */
  #heardAtMs = 0
  /** Number of joins. Work that was started before the latest join is no longer valid. */
  #join = 0
  /** False from a join until the start positions are set. */
  #isReading = false
  /** Answer to the latest question whether the topic is the same. */
  #isSameTopic = Promise.resolve(true)
  /** Time at which records last arrived or could first have arrived, by `performance.now()`. */
  #receivedAtMs = 0

  constructor(
    connect: (clientId: string) => Kafka,
    mapping: Mapping,
    settings: Settings,
    listener: MemberListener,
  ) {
    // Unique client id of this member.
    const clientId = `msk-trigger-${randomUUID().slice(0, 8)}`
    this.#kafka = connect(clientId)
    hookClusters(this.#kafka, cluster => {
      this.#cluster = cluster
      const find = cluster.findBroker
      cluster.findBroker = async node => this.#limitFetches(await find.call(cluster, node))
    })
    // A client of its own, so that `#cluster` stays that of the consumer.
    this.#exit = new GroupExit(connect(clientId), mapping.groupId, clientId)
    this.#mapping = mapping
    this.#settings = settings
    this.#listener = listener
  }

  /** Returns a broker whose fetches wait less while partitions are paused, and end with the consumer. */
  #limitFetches(broker: Broker): Broker {
    const fetch: Broker['fetch'] = request => {
      const isPaused = this.#consumer?.paused().some(({ partitions }) => partitions.length > 0)
      const maxWaitTime = isPaused ? WAIT_MS.paused : WAIT_MS.reading
      const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Broker['fetch']>>>()
      const end = async () => {
        resolve({ responses: [] })
        // kafkajs would wait for the response before it closes the connection.
        const connection = await broker.connectionPool.getConnectionByRequest({ request: { apiKey: FETCH } })
        connection.rejectRequests(new Error('the consumer has stopped'))
      }
      this.#fetchEnds.add(end)
      const answered = broker.fetch({ ...request, maxWaitTime }).then(showGaps)
      answered.then(resolve, reject)
      return promise.finally(() => this.#fetchEnds.delete(end))
    }
    return Object.create(broker, { fetch: { value: fetch } })
  }

  async #disconnect(consumer: Consumer): Promise<void> {
    const disconnected = consumer.disconnect()
    // kafkajs would first wait for the records of the fetches.
    for (const end of this.#fetchEnds) void end().catch(() => {})
    await disconnected
  }

  /** Joins the group and reads until `leave` or `rejoin`. Rejects when the consumer fails; the caller must then call it again. */
  async read(largestBatchBytes: number): Promise<void> {
    const { topic } = this.#mapping
    const consumer = this.#kafka.consumer({
      ...consumerOptions(this.#mapping, this.#settings, largestBatchBytes),
      partitionAssigners: [parts => this.#exit.guardAssigner(kafkajs.PartitionAssigners.roundRobin(parts))],
    })
    const broken = Promise.withResolvers<never>()
    // Avoid an unhandled rejection. The error is handled below, where the promise is awaited.
    broken.promise.catch(() => {})
    this.#rejoins = Promise.withResolvers()
    this.#consumer = consumer
    this.#memberId = undefined
    consumer.on(consumer.events.CRASH, ({ payload }) => broken.reject(payload.error))
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[topic] ?? []
      this.#handleJoin(partitions, payload.memberId).catch(broken.reject)
    })
    consumer.on(consumer.events.HEARTBEAT, () => {
      this.#heardAtMs = performance.now()
    })
    // A fetch of partitions that are still paused does not prove that reading works.
    let isSought = false
    consumer.on(consumer.events.FETCH_START, () => {
      isSought = this.#isReading
    })
    consumer.on(consumer.events.FETCH, () => {
      if (isSought && this.#isReading) this.#listener.handleFetch()
    })
    try {
      this.#started = this.#begin(consumer)
      await this.#started
      await Promise.race([
        broken.promise,
        this.#left.promise,
        this.#rejoins.promise.then(() => this.#disconnect(consumer)),
      ])
    } catch (error) {
      this.#consumer = undefined
      await this.#disconnect(consumer).catch(() => {})
      throw error
    }
  }

  async #begin(consumer: Consumer): Promise<void> {
    const { topic, startingPosition } = this.#mapping
    await this.#exit.removeFormer()
    await consumer.connect()
    // This setting applies only to offsets that no longer exist (rule 34 in `RULES.md`). `#joined` seeks to all other start
    // positions.
    await consumer.subscribe({ topic, fromBeginning: startingPosition.at !== 'LATEST' })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: payload => this.#handleBatch(payload),
    })
  }

  /**
   * Commits in the current generation, without retries: before a retry, a rebalance may have assigned the
   * partition to another member.
   */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (!this.#commit) throw new Error('offsets cannot be committed before the first fetch')
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
    await this.#commit({ topics: [{ topic: this.#mapping.topic, partitions }] })
  }

  // Always list the partitions. If a whole topic is paused and then one of its partitions, kafkajs resumes the others.
  pause(partitions: readonly number[]): void {
    unlessStopped(() => this.#consumer?.pause([this.#toTopicPartitions(partitions)]))
  }

  resume(partitions: readonly number[]): void {
    unlessStopped(() => this.#consumer?.resume([this.#toTopicPartitions(partitions)]))
  }

  #toTopicPartitions(partitions: readonly number[]): { topic: string; partitions: number[] } {
    return { topic: this.#mapping.topic, partitions: [...partitions] }
  }

  /** Leaves the group and ends `read`. The group can then be joined as a new member. */
  rejoin(): void {
    this.#join += 1
    this.#isReading = false
    this.#rejoins.resolve()
  }

  /** Makes the consumer check for added partitions before its next fetch, and rejoin if there are any. */
  refresh(): void {
    // Ignore the error, because the refresh is repeated.
    this.#cluster?.refreshMetadata().catch(() => {})
  }

  /**
   * Leaves the group immediately, even during a join. Resolves when the group has no member of this client, or when no broker
   * responds.
   */
  async leave(): Promise<void> {
    this.#left.resolve()
    await this.#exit.leave(async () => {
      // If kafkajs is stopped before its first join is complete, it does not leave the group.
      await this.#started.catch(() => {})
      if (this.#consumer) await this.#disconnect(this.#consumer)
    })
  }

  async #handleJoin(partitions: readonly number[], memberId: string): Promise<void> {
    this.#join += 1
    const join = this.#join
    this.#isReading = false
    this.pause(partitions)
    const isSameMember = memberId === this.#memberId
    if (this.#memberId && !isSameMember) this.#listener.handleRemoval(performance.now() - this.#heardAtMs)
    this.#memberId = memberId
    this.#heardAtMs = performance.now()
    let keptOffsets = this.#listener.handleAssignment(partitions, isSameMember)
    // Check the topic too, because kafkajs rejoins as the same member if a topic is deleted and created again.
    if (keptOffsets.size > 0 && !(await this.#listener.isSameTopic())) {
      if (join !== this.#join) return
      keptOffsets = this.#listener.handleAssignment(partitions, false)
    }
    const { from, pin } = await this.#listener.startOffsets(partitions.filter(p => !keptOffsets.has(p)))
    if (join !== this.#join) return
    if (pin.length > 0) await this.#pin(pin)
    if (join !== this.#join) return
    const offsets = new Map([...keptOffsets, ...from])
    const { topic } = this.#mapping
    for (const [partition, offset] of offsets) {
      this.#consumer?.seek({ topic, partition, offset: String(offset) })
    }
    this.#receivedAtMs = performance.now()
    this.#isSameTopic = Promise.resolve(true)
    this.resume(partitions)
    this.#isReading = true
    this.#listener.handleReadStart(offsets, this.#cluster?.findTopicPartitionMetadata(topic).length ?? 0)
  }

  async #pin(offsets: readonly PartitionOffset[]): Promise<void> {
    const { topic } = this.#mapping
    await this.#consumer?.commitOffsets(
      offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset) })),
    )
  }

  async #handleBatch({ batch, isStale, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.#commit = commitOffsetsIfNecessary
    // Yield to the event loop, because a record with many headers takes tens of milliseconds, and a fetch may contain one for every
    // partition.
    if (batch.messages.some(hasManyHeaders)) await turn()
    // Drop records that were fetched before a seek, because they are fetched again after it.
    if (this.#isReading && !isStale() && (await this.#isOfSameTopic()) && !isStale())
      await this.#listener.handleRecords(batch.partition, batch.messages)
    const rest = fetchDelayMs(batch)
    if (rest > 0) await pause(rest)
  }

  /** Asks once for all records that arrive after a pause, whatever their partition. */
  async #isOfSameTopic(): Promise<boolean> {
    const now = performance.now()
    if (now - this.#receivedAtMs >= QUIET_MS) this.#isSameTopic = this.#listener.mayDeliver()
    this.#receivedAtMs = now
    const join = this.#join
    return (await this.#isSameTopic) && join === this.#join
  }
}

/** Shows `eachBatch` the gap at the end of a fetch, which kafkajs would keep from it. Otherwise its offsets would not be committed. */
function showGaps(answer: Awaited<ReturnType<Broker['fetch']>>) {
  for (const { messages } of answer.responses.flatMap(({ partitions }) => partitions)) {
    const last = messages.at(-1)
    if (last?.isControlRecord) Object.assign(last, { isControlRecord: false, isGap: true })
  }
  return answer
}

/** Message of an error that has no specific name. A consumer has no group before it runs and after a crash. */
const HAS_NO_GROUP = 'Consumer group was not initialized'

/**
 * Pauses or resumes partitions. Does nothing if the consumer has stopped, because its next join sets the state of all partitions.
 *
 * @throws every other error
 */
function unlessStopped(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith(HAS_NO_GROUP)) throw error
  }
}

/**
 * Maximum number of partitions of a fetch that are passed on concurrently, so that full partitions do not block others. Each costs
 * one promise per fetch.
 */
const CONCURRENT_PARTITIONS = 100

/**
 * Number of retries of kafkajs before the trigger replaces the consumer. A single broker may be restarting, so it is retried more
 * often. If there are several brokers, another one becomes leader.
 */
const RETRIES = { oneBroker: 8, several: 3 }

/**
 * Time for which a fetch waits for records, in milliseconds. A fetch delays partitions that are resumed meanwhile. If all are
 * paused, as after each join, kafkajs sends no fetch and waits for the time in its options.
 */
const WAIT_MS = { reading: 500, paused: 200, allPaused: 50 }

/** Interval of heartbeats, with which a member learns of other members. Kafka's own default. */
const HEARTBEAT_MS = 3_000

/** Returns the kafkajs options for a member of a consumer group. */
function consumerOptions(
  { groupId }: Mapping,
  { brokers, sessionTimeoutMs }: Settings,
  largestBatchBytes: number,
) {
  return {
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 4),
    allowAutoTopicCreation: false,
    // Maximum time until the consumer detects added partitions, if the topic watch does not detect them first.
    metadataMaxAge: 30_000,
    maxWaitTimeInMs: WAIT_MS.allPaused,
    // The largest batch must fit into a fetch. Otherwise a broker would not return it while earlier partitions have records.
    maxBytesPerPartition: largestBatchBytes,
    maxBytes: PARTITIONS_PER_FETCH * largestBatchBytes,
    retry: {
      retries: brokers.length > 1 ? RETRIES.several : RETRIES.oneBroker,
      maxRetryTime: 2_000,
      restartOnFailure: async () => false,
    },
  }
}
