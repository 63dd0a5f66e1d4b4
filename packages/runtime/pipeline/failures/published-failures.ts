/**
 * Failures that a consumer published before its state was lost. A record that failed before can succeed when it is read back. Its
 * emissions would then have a sequence below those that are already published, so their readers would drop them, and the redrive of
 * its failure would be refused. It therefore fails again, without a second failure record, and is processed by its redrive.
 */
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Event } from '../../consumer/event.ts'
import { type Failure, type FailureCode, failure } from '../../consumer/failure-codes.ts'
import { type FailureData, failureId } from '../../consumer/failure-event.ts'
import type { Consumer } from '../consumer.ts'
import { plainEvents } from '../decoding/plain-records.ts'
import type { StateKey } from '../model.ts'
import type { LogBounds, LogReader } from '../ports.ts'
import { failedRecordOf } from '../reprocessing/new-failures.ts'
import { digestOf, failureEventId } from './failure-record.ts'

export interface PublishedFailure {
  readonly failure: Failure
  /** True if later events of the entity were parked; undefined if unknown. */
  readonly parks?: boolean
  /** Timestamp of the failed record, in milliseconds since the epoch. */
  readonly originalTimestamp: number
  readonly attempt: number
  /** `digestOf` of the failed record; undefined if its bytes are unknown. */
  readonly digest?: string
}

/** Published failures of a partition by the id of their event, which differs for each attempt. */
export type PublishedFailures = ReadonlyMap<string, PublishedFailure>

/** Returns true if the failure is about this record, and not about a record at the same offset of a deleted topic. */
export function isAbout(
  { attempt, originalTimestamp, digest }: PublishedFailure,
  record: LogRecord,
): boolean {
  if (attempt === 1 && record.timestampMs !== originalTimestamp) return false
  return digest === undefined || record.decodedByLambda !== undefined || digest === digestOf(record)
}

/** Codes of failures that are not decisions about a record of the log. */
const NOT_OF_RECORDS: readonly string[] = [
  'timer-failed',
  'timer-rejected',
  'emission-refused',
  'failure-moved',
  'lambda-discarded',
] satisfies FailureCode[]

/** Time by which the clocks of a function and of a broker may differ, in milliseconds. */
const CLOCK_SKEW_MS = 10 * 60_000

export interface FailureTopics {
  readonly log: LogReader
  readonly bounds: LogBounds
  /** Returns true if too little time of the invocation is left to read further. */
  readonly isLate: () => boolean
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
    const turn = this.#turn.then(() => this.#readOn(topics, consumer, stateKey, sinceMs))
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

  async #readOn(
    topics: FailureTopics,
    consumer: Consumer,
    stateKey: StateKey,
    sinceMs: number,
  ): Promise<FailuresRead | undefined> {
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
    const failures = this.#found.get(placeName(stateKey.topic, stateKey.partition)) ?? new Map()
    return { failures, keptFromMs: this.#keptFromMs }
  }

  /** Reads a topic from where the last call has stopped. @returns false if too little time is left */
  async #readTopic(
    { log, bounds, isLate }: FailureTopics,
    consumer: Consumer,
    topic: string,
    isFirst: boolean,
  ): Promise<boolean> {
    const since = Math.max(0, this.#sinceMs - CLOCK_SKEW_MS)
    for (const [partition, { start, from, end }] of (await bounds.bounds(topic, since)).entries()) {
      const place = placeName(topic, partition)
      if (isFirst && start > 0 && end > start && !this.#next.has(place)) {
        const { records } = await log.read(topic, partition, { fromOffset: start, toOffset: start })
        this.#keptFromMs = Math.max(this.#keptFromMs, records[0]?.timestampMs ?? 0)
      }
      for (let next = this.#next.get(place) ?? from ?? start; next < end; ) {
        if (isLate()) return false
        const range = { fromOffset: next, toOffset: end - 1 }
        const { records, nextOffset } = await log.read(topic, partition, range, consumer.process.name)
        for (const event of await eventsIn(records, consumer)) this.#take(event, consumer)
        next = nextOffset
        this.#next.set(place, next)
      }
    }
    return true
  }

  #take(event: Event, { application, process }: Consumer): void {
    const data = event.data as Partial<FailureData> | undefined
    if (data?.consumer !== process.name || typeof data.originalTopic !== 'string') return
    const { originalTopic, originalPartition, attempt, errorType = '' } = data as FailureData
    const place = placeName(originalTopic, originalPartition)
    const own = this.#found.get(place) ?? new Map<string, PublishedFailure>()
    this.#found.set(place, own)
    if (event.type === application.failureEvent.type) own.set(event.id, publishedFailure(data as FailureData))
    else if (!NOT_OF_RECORDS.includes(errorType))
      own.set(eventIdOf(process.name, data as FailureData, attempt), publishedFailure(data as FailureData))
    for (const earlier of data.history ?? []) {
      const id = eventIdOf(process.name, data as FailureData, earlier.attempt)
      if (!own.has(id)) own.set(id, earlierFailure(data as FailureData, earlier))
    }
  }
}

async function eventsIn(records: readonly LogRecord[], { reader }: Consumer): Promise<Event[]> {
  const events = reader ? await plainEvents(records, reader) : records.map(record => readEvent(record))
  return events.filter(event => !isFailure(event)) as Event[]
}

function publishedFailure(data: FailureData): PublishedFailure {
  const { errorType, error, parks, originalTimestamp, attempt, omitted } = data
  return {
    failure: failure(errorType as FailureCode, error),
    parks,
    originalTimestamp,
    attempt,
    ...(omitted.length === 0 ? { digest: digestOf(failedRecordOf(data)) } : {}),
  }
}

/** Returns an earlier attempt of a failure. An operator may have patched the record since, so its bytes are unknown. */
function earlierFailure(
  { originalTimestamp }: FailureData,
  { attempt, errorType, error }: FailureData['history'][number],
): PublishedFailure {
  return { failure: failure(errorType as FailureCode, error), originalTimestamp, attempt }
}

function eventIdOf(
  consumer: string,
  { originalTopic: topic, originalPartition: partition, originalOffset: offset }: FailureData,
  attempt: number,
): string {
  const id = failureId(consumer, { topic, partition, offset })
  return failureEventId(consumer, topic, { id, partition, offset, attempt })
}

function placeName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
