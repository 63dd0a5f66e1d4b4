/**
 * Failures that a consumer published before its state was lost. A record that failed before can succeed when it is read back. Its
 * emissions would then have a sequence below those that are already published, so their readers would drop them, and the redrive of
 * its failure would be refused. It therefore fails again, without a second failure record, and is processed by its redrive.
 */

import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { requireTopicSettings } from '../../consumer/application.ts'
import { DAY_MS } from '../../consumer/durations.ts'
import type { Event } from '../../consumer/event.ts'
import type { FailureCode } from '../../consumer/failure-codes.ts'
import { type FailureData, failureId, originalPosition } from '../../consumer/failure-event.ts'
import { type Consumer, readsForeignLogs } from '../consumer.ts'
import { plainEvents } from '../decoding/plain-records.ts'
import type { PublishedFailure, PublishedFailures } from '../model/failure-memory.ts'
import type { StateKey } from '../model/partition-state.ts'
import { failureEventId } from '../outbox/failure-record.ts'
import type { LogBounds, LogReader } from '../ports.ts'

/** Codes of failures that are not decisions about a record of the log. */
const NOT_OF_RECORDS: readonly string[] = [
  'timer-failed',
  'timer-rejected',
  'emission-refused',
  'lambda-discarded',
] satisfies FailureCode[]

/** Time by which the clocks of a function and of a broker may differ, in milliseconds. */
const CLOCK_SKEW_MS = 10 * 60_000

export interface FailureTopics {
  readonly log: LogReader
  readonly bounds: LogBounds
  /** Returns true if too little time of the invocation is left to read further. */
  readonly isLate: () => boolean
  readonly nowMs: () => number
}

/** Failures of a partition, as far as they were read. */
export interface FailuresRead {
  readonly failures: PublishedFailures
  /** Append time from which the topic for failures still contains them, in milliseconds since the epoch. */
  readonly keptFromMs: number
}

/**
 * Reads the published failures of a consumer. They are kept from one invocation to the next, because all partitions of a consumer
 * need them at the same time, and because reading them can take several invocations.
 */
export class PublishedFailureReader {
  readonly #found = new Map<string, Map<string, PublishedFailure>>()
  readonly #next = new Map<string, number>()
  #sinceMs = Number.POSITIVE_INFINITY
  #keptFromMs = 0
  #isUsed = false
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * Reads the failures of records that were appended since a time, up to the present end of the topics.
   *
   * @returns undefined if the invocation has too little time left; the next call continues
   * @throws Unavailable if Kafka or a schema registry cannot be reached
   */
  read(
    topics: FailureTopics,
    consumer: Consumer,
    stateKey: StateKey,
    sinceMs: number,
  ): Promise<FailuresRead | undefined> {
    const turn = this.#turn.then(async () => {
      this.#isUsed = true
      if (sinceMs < this.#sinceMs) {
        this.#clear()
        this.#sinceMs = sinceMs
      }
      const { application, failuresTo, env } = consumer
      const names = new Set([failuresTo, application.failuresTopic, application.deadLettersTopic])
      for (const name of names) {
        const topic = application.kafkaTopic(name, env)
        if (!(await this.#readTopic(topics, consumer, topic, name === failuresTo))) return undefined
      }
      const failures = this.#found.get(holderName(consumer, stateKey.topic, stateKey.partition)) ?? new Map()
      return { failures, keptFromMs: this.#keptFromMs }
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Called after each invocation. Frees the memory once no partition is read back any more. */
  endInvocation(): void {
    if (!this.#isUsed) this.#clear()
    this.#isUsed = false
  }

  #clear(): void {
    this.#found.clear()
    this.#next.clear()
    this.#sinceMs = Number.POSITIVE_INFINITY
    this.#keptFromMs = 0
  }

  /** Reads a topic from where the last call has stopped. @returns false if too little time is left */
  async #readTopic(
    { log, bounds, isLate, nowMs }: FailureTopics,
    consumer: Consumer,
    topic: string,
    isFirst: boolean,
  ): Promise<boolean> {
    const keptMs = requireTopicSettings(consumer.application, consumer.failuresTo).keptDays * DAY_MS
    const since = Math.max(0, this.#sinceMs - CLOCK_SKEW_MS)
    for (const [partition, { start, from, end }] of (await bounds.bounds(topic, since)).entries()) {
      const place = placeName(topic, partition)
      if (isFirst && start > 0 && !this.#next.has(place)) {
        const [first] =
          end > start
            ? (await log.read(topic, partition, { fromOffset: start, toOffset: start })).records
            : []
        const keptFromMs = first?.timestampMs ?? nowMs() - keptMs
        this.#keptFromMs = Math.max(this.#keptFromMs, keptFromMs)
      }
      for (let next = this.#next.get(place) ?? from ?? start; next < end; ) {
        if (isLate()) return false
        const range = { fromOffset: next, toOffset: end - 1 }
        const { records, nextOffset } = await log.read(topic, partition, range, consumer.process.name)
        for (const event of await readEvents(records, consumer)) this.#take(event, consumer)
        next = nextOffset
        this.#next.set(place, next)
      }
    }
    return true
  }

  #take(event: Event, consumer: Consumer): void {
    const { application, process } = consumer
    const data = event.data as Partial<FailureData> | undefined
    if (data?.consumer !== process.name || typeof data.originalTopic !== 'string') return
    const failed = data as FailureData
    const { originalTimestamp, attempt, errorType, parks, history = [] } = failed
    const place = holderName(consumer, failed.originalTopic, failed.originalPartition)
    const own = this.#found.get(place) ?? new Map<string, PublishedFailure>()
    this.#found.set(place, own)
    const latest = { code: errorType as FailureCode, originalTimestamp, parks }
    if (event.type === application.failureEvent.type) own.set(event.id, latest)
    else if (!NOT_OF_RECORDS.includes(errorType))
      own.set(computeEventId(process.name, failed, attempt), latest)
    for (const earlier of history) {
      const id = computeEventId(process.name, failed, earlier.attempt)
      const code = earlier.errorType as FailureCode
      if (!own.has(id)) own.set(id, { code, originalTimestamp })
    }
  }
}

async function readEvents(records: readonly LogRecord[], { reader }: Consumer): Promise<Event[]> {
  const events = reader ? await plainEvents(records, reader) : records.map(record => readEvent(record))
  return events.filter(event => !isFailure(event)) as Event[]
}

function computeEventId(consumer: string, failed: FailureData, attempt: number): string {
  const position = originalPosition(failed)
  return failureEventId(consumer, position, { ...position, id: failureId(consumer, position), attempt })
}

/** Names the partitions that need a failure: its own, or any if records of other applications are redriven through another topic. */
function holderName(consumer: Pick<Consumer, 'process'>, topic: string, partition: number): string {
  return readsForeignLogs(consumer) ? '' : placeName(topic, partition)
}

function placeName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
