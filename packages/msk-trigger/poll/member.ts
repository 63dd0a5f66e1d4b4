import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { type Cluster, hookClusters } from '@sluice/kafka-records'
import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs'
import type { Mapping } from '../config/mappings.ts'
import type { Settings } from '../config/settings.ts'
import { hasManyHeaders, type Message } from '../invoke/event.ts'
import { pause } from '../support/wait.ts'
import { fetchDelayMs, PARTITIONS_PER_FETCH } from './backpressure.ts'
import { GroupExit } from './group-exit.ts'
import type { StartOffsets } from './start-offsets.ts'

/** A fetch that waits at a broker is answered from the log that has the topic's name by then, even if it was created again meanwhile. */
const QUIET_MS = 50

/** Callbacks of a group member. Only `isSameTopic`, `mayDeliver` and `startOffsets` may take long. */
export interface MemberListener {
  /** Called with the assigned partitions. Returns the positions of the kept ones: empty if the group had dropped this member. */
  assigned(partitions: readonly number[], isSameMember: boolean): ReadonlyMap<number, number>
  /** Returns whether the topic was not deleted or created again. Where it does not exist now, `rejoin` has been called. */
  isSameTopic(): Promise<boolean>
  /** The same for records that have come after a pause. Where it is false, `rejoin` has been called. */
  mayDeliver(): Promise<boolean>
  startOffsets(partitions: readonly number[]): Promise<StartOffsets>
  reading(offsets: ReadonlyMap<number, number>): void
  /** A fetch that started after `reading` has succeeded, with or without records. */
  fetched(): void
  /** Resolves, soon, when more may be fetched. */
  records(partition: number, messages: readonly Message[]): Promise<void>
}

export interface PartitionOffset {
  readonly partition: number
  readonly offset: number
}

/**
 * One member of a consumer group, using kafkajs. It only fetches: `eachBatch` hands the records over and does not wait
 * until they are delivered. Heartbeats therefore continue however long an invocation or a backoff takes, and a
 * partition that is blocked does not delay the others of its broker.
 */
export class GroupMember {
  readonly #kafka: Kafka
  readonly #mapping: Mapping
  readonly #settings: Settings
  readonly #listener: MemberListener
  readonly #left = Promise.withResolvers<void>()
  readonly #exit: GroupExit
  #consumer: Consumer | undefined
  /** The connections of the current consumer, which its public interface does not show. */
  #cluster: Pick<Cluster, 'refreshMetadata'> | undefined
  /** Settled when the current consumer has joined for the first time, or has failed before that. */
  #started: Promise<void> = Promise.resolve()
  #commit: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  #rejoins = Promise.withResolvers<void>()
  #memberId: string | undefined
  /** Counts the joins: work that started under an earlier join is no longer valid. */
  #join = 0
  /** False from a join until the positions to read from are set. */
  #isReading = false
  /** When records of a partition came last, or could have come for the first time, by `performance.now()`. */
  readonly #receivedAtMs = new Map<number, number>()

  constructor(
    connect: (clientId: string) => Kafka,
    mapping: Mapping,
    settings: Settings,
    listener: MemberListener,
  ) {
    // Unique to this member.
    const clientId = `${settings.clientId}-${randomUUID().slice(0, 8)}`
    this.#kafka = connect(clientId)
    hookClusters(this.#kafka, cluster => {
      this.#cluster = cluster
    })
    this.#exit = new GroupExit(this.#kafka, mapping.groupId, clientId)
    this.#mapping = mapping
    this.#settings = settings
    this.#listener = listener
  }

  /** Joins the group and reads until `leave` or `rejoin`. Rejects when the consumer fails; call it again then. */
  async read(largestBatchBytes: number): Promise<void> {
    const { topic } = this.#mapping
    const consumer = this.#kafka.consumer({
      ...consumerOptions(this.#mapping, this.#settings, largestBatchBytes),
      partitionAssigners: [parts => this.#exit.guarded(kafkajs.PartitionAssigners.roundRobin(parts))],
    })
    const broken = Promise.withResolvers<never>()
    // A rejection is kept until it is awaited below.
    broken.promise.catch(() => {})
    this.#rejoins = Promise.withResolvers()
    this.#consumer = consumer
    this.#memberId = undefined
    consumer.on(consumer.events.CRASH, ({ payload }) => broken.reject(payload.error))
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[topic] ?? []
      this.#joined(partitions, payload.memberId).catch(broken.reject)
    })
    // A fetch while the partitions are still paused proves nothing.
    let isSought = false
    consumer.on(consumer.events.FETCH_START, () => {
      isSought = this.#isReading
    })
    consumer.on(consumer.events.FETCH, () => {
      if (isSought && this.#isReading) this.#listener.fetched()
    })
    try {
      this.#started = this.#begin(consumer)
      await this.#started
      await Promise.race([
        broken.promise,
        this.#left.promise,
        this.#rejoins.promise.then(() => consumer.disconnect()),
      ])
    } catch (error) {
      this.#consumer = undefined
      await consumer.disconnect().catch(() => {})
      throw error
    }
  }

  async #begin(consumer: Consumer): Promise<void> {
    const { topic, startingPosition } = this.#mapping
    await this.#exit.removeFormer()
    await consumer.connect()
    // This applies only to offsets that no longer exist (rule 34); `#joined` seeks to every other start.
    await consumer.subscribe({ topic, fromBeginning: startingPosition.at !== 'LATEST' })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: payload => this.#received(payload),
    })
  }

  /** Commits in the current generation, once: at a retry a rebalance may have given the partition to another member. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (!this.#commit) throw new Error('offsets cannot be committed before the first fetch')
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
    await this.#commit({ topics: [{ topic: this.#mapping.topic, partitions }] })
  }

  // Always list partitions explicitly: pausing a whole topic and then one partition makes kafkajs resume the rest.
  pause(partitions: readonly number[]): void {
    unlessStopped(() => this.#consumer?.pause([this.#these(partitions)]))
  }

  resume(partitions: readonly number[]): void {
    unlessStopped(() => this.#consumer?.resume([this.#these(partitions)]))
  }

  #these(partitions: readonly number[]): { topic: string; partitions: number[] } {
    return { topic: this.#mapping.topic, partitions: [...partitions] }
  }

  /** Leaves the group and ends `read`, so that the group can be joined as a new member. */
  rejoin(): void {
    this.#join += 1
    this.#isReading = false
    this.#rejoins.resolve()
  }

  /** Makes the consumer look for added partitions before its next fetch, and join again if there are some. */
  refresh(): void {
    // A failed refresh is repeated.
    this.#cluster?.refreshMetadata().catch(() => {})
  }

  /** Leaves the group at once, whether it has joined or is joining. Resolves when it has no member of this client, or no broker answers. */
  async leave(): Promise<void> {
    this.#left.resolve()
    await this.#exit.leave(async () => {
      // kafkajs does not leave the group if it is stopped before its first join is complete.
      await this.#started.catch(() => {})
      await this.#consumer?.disconnect()
    })
  }

  async #joined(partitions: readonly number[], memberId: string): Promise<void> {
    this.#join += 1
    const join = this.#join
    this.#isReading = false
    this.pause(partitions)
    const isSameMember = memberId === this.#memberId
    this.#memberId = memberId
    let known = this.#listener.assigned(partitions, isSameMember)
    // A topic that is deleted and created again makes kafkajs join again as the same member.
    if (known.size > 0 && !(await this.#listener.isSameTopic())) {
      if (join !== this.#join) return
      known = this.#listener.assigned(partitions, false)
    }
    const { from, pin } = await this.#listener.startOffsets(partitions.filter(p => !known.has(p)))
    if (join !== this.#join) return
    if (pin.length > 0) await this.#pin(pin)
    if (join !== this.#join) return
    const offsets = new Map([...known, ...from])
    const { topic } = this.#mapping
    for (const [partition, offset] of offsets) {
      this.#consumer?.seek({ topic, partition, offset: String(offset) })
      this.#receivedAtMs.set(partition, performance.now())
    }
    this.resume(partitions)
    this.#isReading = true
    this.#listener.reading(offsets)
  }

  async #pin(offsets: readonly PartitionOffset[]): Promise<void> {
    const { topic } = this.#mapping
    await this.#consumer?.commitOffsets(
      offsets.map(({ partition, offset }) => ({ topic, partition, offset: String(offset) })),
    )
  }

  async #received({ batch, isStale, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.#commit = commitOffsetsIfNecessary
    // Each takes tens of milliseconds, and a fetch may bring one for every partition.
    if (batch.messages.some(hasManyHeaders)) await turn()
    // Records fetched before a seek are fetched again after it.
    if (this.#isReading && !isStale() && (await this.#isOfSameTopic(batch.partition)) && !isStale())
      await this.#listener.records(batch.partition, batch.messages)
    const rest = fetchDelayMs(batch)
    if (rest > 0) await pause(rest)
  }

  async #isOfSameTopic(partition: number): Promise<boolean> {
    const now = performance.now()
    const quietMs = now - (this.#receivedAtMs.get(partition) ?? 0)
    this.#receivedAtMs.set(partition, now)
    if (quietMs < QUIET_MS) return true
    const join = this.#join
    return (await this.#listener.mayDeliver()) && join === this.#join
  }
}

/** The message of an error without a name. A consumer has no group before it runs, and none from a crash on. */
const HAS_NO_GROUP = 'Consumer group was not initialized'

/** Pauses or resumes partitions, unless the consumer has stopped: its next join does that for all. @throws every other error */
function unlessStopped(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith(HAS_NO_GROUP)) throw error
  }
}

/** How many partitions of a fetch are handed over concurrently, so that full ones do not block others. Each costs a promise per fetch. */
const CONCURRENT_PARTITIONS = 100

/** How often kafkajs retries until the trigger replaces the consumer: a single broker may restart; of several, another takes over. */
const RETRIES = { oneBroker: 8, several: 3 }

/** The kafkajs options for a member of a consumer group. */
function consumerOptions(
  { groupId }: Mapping,
  { brokers, sessionTimeoutMs }: Settings,
  largestBatchBytes: number,
) {
  return {
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 4),
    allowAutoTopicCreation: false,
    // Partitions that are added to a topic are noticed within this time, unless the watch over topics sees them first.
    metadataMaxAge: 30_000,
    // Upper bound for a fetch, which kafkajs cannot interrupt. It delays a resumed partition and the shutdown.
    maxWaitTimeInMs: 200,
    // The largest batch must fit. Otherwise a broker would not return it while partitions before it have records.
    maxBytesPerPartition: largestBatchBytes,
    maxBytes: PARTITIONS_PER_FETCH * largestBatchBytes,
    retry: {
      retries: brokers.length > 1 ? RETRIES.several : RETRIES.oneBroker,
      maxRetryTime: 2_000,
      restartOnFailure: async () => false,
    },
  }
}
