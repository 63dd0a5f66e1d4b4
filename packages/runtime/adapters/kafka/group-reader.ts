import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import type { LogRecord } from '../../cloudevents/record.ts'
import { brokersAnswer, isAway } from './availability.ts'
import { failureOf } from './errors.ts'
import { logRecordOf } from './messages.ts'

/** A record, and the offset from which reading continues after it. */
export interface TakenRecord {
  readonly record: LogRecord
  readonly next: number
}

export interface GroupReading {
  readonly group: string
  readonly topic: string
  /** Start position of a partition without a committed offset. */
  readonly from: 'start' | 'end'
  /** Processes the next records of one partition. No more records are read until the returned promise resolves. */
  take(records: readonly TakenRecord[]): Promise<void>
  /** Called with the partitions of this member after each assignment by the group. */
  assigned(partitions: readonly number[]): void
}

/** Maximum number of records that are passed on at once. It is small, so that heartbeats can be sent in between. */
const TOGETHER = 100

/** Error responses to a commit that arrives after the group has reassigned the partitions. */
const PASSED_ON = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])

/** A member of a consumer group that commits only on request. */
export class GroupReader {
  readonly #consumer: Consumer
  readonly #reading: GroupReading
  readonly #lost = Promise.withResolvers<Error>()
  readonly #joined = Promise.withResolvers<void>()
  /**
   * Offset after the last processed record, by partition. After the member has rejoined the group, the library reads again from the
   * committed offsets. Records that were already processed are then skipped.
   */
  readonly #next = new Map<number, number>()
  #isLeaving = false

  constructor(kafka: Kafka, reading: GroupReading) {
    this.#reading = reading
    this.#consumer = kafka.consumer({
      groupId: reading.group,
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: async error => !this.#isLeaving && isAway(error) },
    })
    this.#joined.promise.catch(() => {})
  }

  /** Resolves with the reason when reading cannot continue. */
  get lost(): Promise<Error> {
    return this.#lost.promise
  }

  /** Joins the group and starts reading. @throws UnknownTopic, RefusedByKafka or Unavailable */
  async join(): Promise<void> {
    const { topic, from } = this.#reading
    const { GROUP_JOIN, CRASH } = this.#consumer.events
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#assigned(payload.memberAssignment[topic] ?? []))
    this.#consumer.on(CRASH, ({ payload: { error, restart } }) => {
      if (restart) return
      this.#joined.reject(error)
      this.#lost.resolve(error)
    })
    try {
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: from === 'start' })
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: payload => this.#take(payload),
      })
      await this.#joined.promise
    } catch (error) {
      await this.leave()
      throw failureOf(error)
    }
  }

  /**
   * Commits the offsets after the processed records. Does nothing if the partitions have been reassigned, because another member
   * reads the records again.
   *
   * @throws RefusedByKafka or Unavailable
   */
  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    if (offsets.size === 0) return
    const { topic } = this.#reading
    try {
      await this.#consumer.commitOffsets(
        [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
      )
    } catch (error) {
      if (!PASSED_ON.has(brokersAnswer(error) ?? '')) throw failureOf(error)
    }
  }

  /** Leaves the group, so that other members do not wait for it. Never rejects. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    await this.#consumer.disconnect().catch(() => {})
  }

  #assigned(partitions: readonly number[]): void {
    for (const partition of this.#next.keys())
      if (!partitions.includes(partition)) this.#next.delete(partition)
    this.#reading.assigned(partitions)
    this.#joined.resolve()
  }

  async #take({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = batch
    const last = messages.at(-1)
    // Transaction markers after the last record count as read together with this record.
    const taken = messages.map((message): TakenRecord => {
      const record = logRecordOf(topic, partition, message)
      return { record, next: message === last ? Number(batch.lastOffset()) + 1 : record.offset + 1 }
    })
    for (let at = 0; at < taken.length; at += TOGETHER) {
      if (!isRunning() || isStale()) return
      const records = taken.slice(at, at + TOGETHER)
      const from = this.#next.get(partition) ?? 0
      const end = records.at(-1)
      if (!end) return
      this.#next.set(partition, Math.max(from, end.next))
      await this.#reading.take(records.filter(({ record }) => record.offset >= from))
      resolveOffset(String(end.record.offset))
      await heartbeat()
    }
  }
}
