import { randomUUID } from 'node:crypto'
import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs'
import { restMs } from './backpressure.ts'
import { consumerOptions, HANDED_OVER } from './consumer-options.ts'
import type { Message } from './event.ts'
import { GroupExit } from './group-exit.ts'
import type { Mapping } from './mappings.ts'
import type { Settings } from './settings.ts'
import type { StartOffsets } from './start-offsets.ts'
import { pause } from './wait.ts'

/** What a member of a group asks and tells. None of it may wait long, but `startOffsets`. */
export interface MemberListener {
  /**
   * The partitions that are ours now. `goesOn` is false when the group had lost sight of this member, so that
   * others may have read on. Returns the offset to read next for each partition that it goes on with.
   */
  assigned(partitions: readonly number[], goesOn: boolean): ReadonlyMap<number, number>
  startOffsets(partitions: readonly number[]): Promise<StartOffsets>
  /** Reading begins at these offsets. */
  reading(offsets: ReadonlyMap<number, number>): void
  /** A fetch that began after `reading` has succeeded, whether it brought records or none. */
  fetched(): void
  /** Resolves, soon, when more may be fetched. */
  records(partition: number, messages: readonly Message[]): Promise<void>
}

export interface PartitionOffset {
  readonly partition: number
  readonly offset: number
}

/**
 * One member of a consumer group, over kafkajs. It only fetches: `eachBatch` hands the records over and does not wait for
 * them to be delivered, so heartbeats go on however long an invocation or a backoff takes, and a partition that is
 * stuck does not hold up the others of its broker.
 */
export class GroupMember {
  readonly #kafka: Kafka
  readonly #mapping: Mapping
  readonly #settings: Settings
  readonly #listener: MemberListener
  readonly #left = Promise.withResolvers<void>()
  readonly #exit: GroupExit
  #consumer: Consumer | undefined
  /** Settled when the present consumer has joined for the first time, or has broken before that. */
  #started: Promise<void> = Promise.resolve()
  #commit: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  #rejoins = Promise.withResolvers<void>()
  #memberId: string | undefined
  /** Counts the joins: what was begun under an earlier one no longer holds. */
  #join = 0
  /** False from a join until the positions to go on from are set. */
  #isReading = false

  /** @param connect makes a client that has this id for the brokers */
  constructor(
    connect: (clientId: string) => Kafka,
    mapping: Mapping,
    settings: Settings,
    listener: MemberListener,
  ) {
    // No other member has this id.
    const clientId = `${settings.clientId}-${randomUUID().slice(0, 8)}`
    this.#kafka = connect(clientId)
    this.#exit = new GroupExit(this.#kafka, mapping.groupId, clientId)
    this.#mapping = mapping
    this.#settings = settings
    this.#listener = listener
  }

  /** Joins the group and reads until `leave` or `rejoin`. Rejects when the consumer breaks. Call it again then. */
  async read(largestBatchBytes: number): Promise<void> {
    const { topic } = this.#mapping
    const consumer = this.#kafka.consumer({
      ...consumerOptions(this.#mapping, this.#settings, largestBatchBytes),
      partitionAssigners: [parts => this.#exit.guarded(kafkajs.PartitionAssigners.roundRobin(parts))],
    })
    const broken = Promise.withResolvers<never>()
    // It can break before it is awaited below.
    broken.promise.catch(() => {})
    this.#rejoins = Promise.withResolvers()
    this.#consumer = consumer
    this.#memberId = undefined
    consumer.on(consumer.events.CRASH, ({ payload }) => broken.reject(payload.error))
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[topic] ?? []
      this.#joined(partitions, payload.memberId).catch(broken.reject)
    })
    // What is fetched while its partitions are still paused shows nothing.
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
    await consumer.connect()
    // Only for an offset that no longer exists (rule 34); every other start is sought out by #joined.
    await consumer.subscribe({ topic, fromBeginning: startingPosition.at !== 'LATEST' })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: HANDED_OVER,
      eachBatch: payload => this.#received(payload),
    })
  }

  /**
   * Commits under the present generation. It does not try again by itself, as `consumer.commitOffsets` would do,
   * because by then a rebalance can have given the partition to another member.
   */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (!this.#commit) throw new Error('nothing was read yet')
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
    await this.#commit({ topics: [{ topic: this.#mapping.topic, partitions }] })
  }

  // Partitions are always named one by one: naming a topic alone, then one partition, makes kafkajs resume the rest.
  pause(partitions: readonly number[]): void {
    this.#consumer?.pause([{ topic: this.#mapping.topic, partitions: [...partitions] }])
  }

  resume(partitions: readonly number[]): void {
    this.#consumer?.resume([{ topic: this.#mapping.topic, partitions: [...partitions] }])
  }

  /** Leaves the group as a member and ends `read`, so that it can be joined as a new one. */
  rejoin(): void {
    this.#rejoins.resolve()
  }

  /**
   * Leaves the group at once, whether it has joined or is joining, so that its partitions are free and no one waits for
   * its session to end. Joins no more. Resolves when the group has no member of ours, or when no broker can be reached.
   */
  async leave(): Promise<void> {
    this.#left.resolve()
    await this.#exit.leave(async () => {
      // kafkajs forgets to leave a group if it is told to stop before its first join is complete.
      await this.#started.catch(() => {})
      await this.#consumer?.disconnect()
    })
  }

  async #joined(partitions: readonly number[], memberId: string): Promise<void> {
    this.#join += 1
    const join = this.#join
    this.#isReading = false
    this.pause(partitions)
    const goesOn = memberId === this.#memberId
    this.#memberId = memberId
    const known = this.#listener.assigned(partitions, goesOn)
    const { from, pin } = await this.#listener.startOffsets(partitions.filter(p => !known.has(p)))
    if (join !== this.#join) return
    if (pin.length > 0) await this.#pin(pin)
    if (join !== this.#join) return
    const offsets = new Map([...known, ...from])
    const { topic } = this.#mapping
    for (const [partition, offset] of offsets)
      this.#consumer?.seek({ topic, partition, offset: String(offset) })
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
    // What was fetched before a seek is fetched again after it.
    if (this.#isReading && !isStale()) await this.#listener.records(batch.partition, batch.messages)
    const rest = restMs(batch)
    if (rest > 0) await pause(rest)
  }
}
