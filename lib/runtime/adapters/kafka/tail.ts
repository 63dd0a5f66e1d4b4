import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Consumer, EachMessagePayload, Kafka } from 'kafkajs'
import type { LogRecord } from '../../cloudevents/record.ts'
import { isAway } from './availability.ts'
import { logRecordOf } from './messages.ts'
import { TopicOffsets } from './offsets.ts'

/** A reader of new records. */
export interface Tail {
  /** Resolves with the reason when it cannot continue because no retry can read the next record. */
  readonly lost: Promise<Error>
  stop(): Promise<void>
}

/** The wait before a consumer that crashed is replaced. */
const AGAIN_AFTER_MS = 500
const FIRST_JOIN_WITHIN_MS = 30_000

/**
 * Follows topics for people: from their present ends or from other positions, each record once, also where the broker was
 * away in between. It commits nothing, and its groups leave no trace. Resolves once every partition is assigned.
 */
export async function tail(
  kafka: Kafka,
  topics: readonly string[],
  onRecord: (record: LogRecord) => void,
  from?: Positions,
): Promise<Tail> {
  const follower = new Follower(kafka, from ?? (await presentEnds(kafka, topics)), onRecord)
  await follower.start()
  return follower
}

/** The offset to read next, by topic and partition. */
export type Positions = ReadonlyMap<string, number[]>

async function presentEnds(kafka: Kafka, topics: readonly string[]): Promise<Positions> {
  const offsets = new TopicOffsets(kafka)
  try {
    return new Map(
      await Promise.all(topics.map(async topic => [topic, await offsets.ends(topic)] as [string, number[]])),
    )
  } finally {
    await offsets.close()
  }
}

/** A consumer in its group. */
interface Membership {
  /** Resolves with the reason when it has crashed and stopped reading. */
  readonly broken: Promise<Error>
  leave(): Promise<void>
}

/** Keeps the positions itself, so that each consumer can continue where the previous one stopped. */
class Follower implements Tail {
  readonly #kafka: Kafka
  readonly #next: Positions
  readonly #onRecord: (record: LogRecord) => void
  readonly #ending = new AbortController()
  readonly #lost = Promise.withResolvers<Error>()
  #following: Promise<void> | undefined

  constructor(kafka: Kafka, from: Positions, onRecord: (record: LogRecord) => void) {
    this.#kafka = kafka
    this.#next = from
    this.#onRecord = onRecord
  }

  get lost(): Promise<Error> {
    return this.#lost.promise
  }

  async start(): Promise<void> {
    this.#following = this.#follow(await this.#firstJoin())
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#following
  }

  async #follow(first: Membership): Promise<void> {
    const { signal } = this.#ending
    const ended = once(signal, 'abort')
    let member: Membership | undefined = first
    while (member) {
      const error: Error | undefined = signal.aborted
        ? undefined
        : await Promise.race([member.broken, ended.then(() => undefined)])
      await member.leave()
      if (error && !isAway(error)) return this.#lost.resolve(error)
      member = await this.#joinAgain(signal)
    }
  }

  /** A broker that has just started refuses all members until it has created its topic for groups. */
  async #firstJoin(): Promise<Membership> {
    const giveUpAtMs = Date.now() + FIRST_JOIN_WITHIN_MS
    while (true) {
      try {
        return await this.#join()
      } catch (error) {
        if (Date.now() > giveUpAtMs) throw error
        await pause(AGAIN_AFTER_MS)
      }
    }
  }

  /** Returns undefined if the signal aborts first. */
  async #joinAgain(signal: AbortSignal): Promise<Membership | undefined> {
    while (!signal.aborted) {
      try {
        return await this.#join()
      } catch {
        await pause(AGAIN_AFTER_MS, undefined, { signal }).catch(() => {})
      }
    }
    return undefined
  }

  /**
   * Joins a new group: in the previous one, the broker may still wait for the member that crashed. The library must not
   * restart by itself, because it would continue to do so after the end.
   */
  async #join(): Promise<Membership> {
    const consumer = this.#kafka.consumer({
      groupId: `sluice-tail-${randomUUID()}`,
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: async () => false },
    })
    const joined = Promise.withResolvers<void>()
    const broken = Promise.withResolvers<Error>()
    // It can reject before it is awaited below.
    joined.promise.catch(() => {})
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#goOn(consumer, payload.memberAssignment)
      joined.resolve()
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      joined.reject(payload.error)
      broken.resolve(payload.error)
    })
    const leave = () => consumer.disconnect().catch(() => {})
    try {
      await consumer.connect()
      // Only matters for a partition added meanwhile: all its records are newer than the start.
      await consumer.subscribe({ topics: [...this.#next.keys()], fromBeginning: true })
      await consumer.run({ autoCommit: false, eachMessage: async payload => this.#take(payload) })
      await joined.promise
    } catch (error) {
      await leave()
      throw error
    }
    return { broken: broken.promise, leave }
  }

  /** The group has no committed offsets, so after every join, seek to our own positions before the first fetch. */
  #goOn(consumer: Consumer, assignment: Readonly<Record<string, readonly number[]>>): void {
    for (const [topic, partitions] of Object.entries(assignment))
      for (const partition of partitions)
        consumer.seek({ topic, partition, offset: String(this.#position(topic, partition)) })
  }

  #take({ topic, partition, message }: EachMessagePayload): void {
    const offset = Number(message.offset)
    // Records fetched before a join can be delivered after it, and then again.
    if (offset < this.#position(topic, partition)) return
    const positions = this.#next.get(topic)
    if (positions) positions[partition] = offset + 1
    this.#onRecord(logRecordOf(topic, partition, message))
  }

  #position(topic: string, partition: number): number {
    return this.#next.get(topic)?.[partition] ?? 0
  }
}
