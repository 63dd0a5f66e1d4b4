/** Collects the events that a consumer should have emitted according to its log, and compares them with its output topics. */
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { type Event, formatEntity } from '../../consumer/event.ts'
import { FAILURES, type FailureCode } from '../../consumer/failure-codes.ts'
import { type FailureData, failureId } from '../../consumer/failure-event.ts'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { type Consumer, readsForeignLogs } from '../consumer.ts'
import { decode } from '../decoding/decode.ts'
import { plainEvents } from '../decoding/plain-records.ts'
import type { Decision } from '../model/decision.ts'
import { formatHolderName } from '../model/hold.ts'
import { restoreFailedRecord } from '../outbox/failure-record.ts'
import { buildRecord } from '../outbox/outgoing-record.ts'
import { parsePosition } from '../outbox/position.ts'
import type { LogReader } from '../ports.ts'
import { isOfTakeover } from '../reprocessing/entity-takeover.ts'
import { findEventId } from '../reprocessing/new-failures.ts'
import { compareFields, type Difference, type Exception, toHex } from './differences.ts'

export interface OutputRange {
  /** First retained offset of the partition. */
  readonly start: number
  /** Offset after the last record. */
  readonly end: number
}

/** A failure that occurs only in the live state or only when the log is read again, and that need not be reproducible. */
export interface OneSidedFailure {
  readonly partition: number
  readonly reason: Exception
  /** Names by which other differences with the same cause are found: the affected entity, event, offset and hold. */
  readonly concerns: readonly (string | number | undefined)[]
}

/** Facts about the live states whose emissions are compared. */
export interface LiveSide {
  readonly outbox: ReadonlySet<string>
  /** First offset that was read again for each partition. */
  readonly beginnings: ReadonlyMap<number, number>
  /** Positions whose failure differs between the live state and the log, as `partition@offset`. */
  readonly unlike: ReadonlySet<string>
  /** End offsets of the topics that only this consumer writes to. They were read before the live states. */
  readonly endsBefore: ReadonlyMap<string, readonly number[]>
}

/** An event that the consumer should have emitted according to the log. */
interface Expected {
  readonly partition: number
  readonly position: string
  readonly everyPartition: boolean
  readonly topic: string
  readonly key: Buffer | null
  readonly event: Event
  readonly entity: string | undefined
  readonly appendMs: number
  /** Partitions of the topic that contain the event. */
  readonly found: Set<number>
}

export class ExpectedEmissions {
  readonly #consumer: Consumer
  readonly #expected: Expected[] = []

  constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  add(partition: number, decisions: readonly Decision[]): void {
    const { dataWriter: _, ...plain } = this.#consumer
    for (const { emitted = [], event: cause, timer, appendMs } of decisions)
      for (const entry of emitted) {
        const { topic, key, ...record } = buildRecord(entry, plain)
        const { position, everyPartition = false } = entry
        const event = readOwnEvent(record) as Event
        const entity = timer?.entity ?? (cause && formatEntity(cause))
        const about = { partition, position, everyPartition, topic, key, event, entity, appendMs }
        this.#expected.push({ ...about, found: new Set() })
      }
  }

  /**
   * Returns the topics of the expected emissions, and the topic for failures. They may also contain records that cannot be derived
   * from the log.
   */
  get topics(): ReadonlySet<string> {
    const { application, failuresTo, env } = this.#consumer
    return new Set([...this.#expected.map(({ topic }) => topic), application.kafkaTopic(failuresTo, env)])
  }

  /** Number of expected failure records, and of other events. */
  get counts(): { readonly emissions: number; readonly failures: number } {
    const failures = this.#expected.filter(({ event }) => this.#isFailure(event)).length
    return { emissions: this.#expected.length - failures, failures }
  }

  /** Compares the contents of the topics with the expected events. @param ranges ranges of each topic, up to its current end */
  async compare(
    log: LogReader,
    ranges: ReadonlyMap<string, readonly OutputRange[]>,
    { outbox, beginnings, unlike, endsBefore }: LiveSide,
  ): Promise<{ readonly differences: readonly Difference[]; readonly failures: readonly OneSidedFailure[] }> {
    // An event can be expected several times: if it arrives again after its id was forgotten, its results are emitted again.
    const byName = Map.groupBy(this.#expected, ({ topic, event }) => toEventKey(topic, event))
    const kinds = new Set(this.#expected.map(({ topic, event }) => toKindKey(topic, event)))
    // Highest offset below all beginnings.
    const beforeAll = Math.max(...beginnings.values()) - 1
    const isBefore = (partition: number, sequence: string) =>
      parsePosition(sequence).offset < (beginnings.get(partition) ?? 0)
    const differences: Difference[] = []
    const failures: FailureData[] = []
    const refused = new Set<string>()
    const keptFromMs = new Map<string, number>()
    const latest = new Map<string, string>()
    for await (const { record, start } of readRecords(log, ranges)) {
      const { topic } = record
      if (start > 0 && record.offset === start)
        keptFromMs.set(topic, Math.max(keptFromMs.get(topic) ?? 0, record.timestampMs))
      const event = readOwnEvent(record)
      if (!event) continue
      const same = byName.get(toEventKey(topic, event))
      const sequence = event.extensions?.sequence ?? ''
      if (same) {
        const expected =
          same.find(({ position }) => position === sequence) ??
          same.find(({ partition }) => !isBefore(partition, sequence))
        if (expected) differences.push(...(await this.#compareEmission(expected, record, latest)))
      } else if (this.#isFailure(event)) {
        const data = event.data as FailureData
        if (isBefore(data.originalPartition, sequence)) continue
        if (data.errorType === 'emission-refused') refused.add(formatFailurePlace(data))
        else if (data.consumer === this.#consumer.process.name && isUncertain(data.errorType))
          failures.push(data)
      } else if (
        kinds.has(toKindKey(topic, event)) &&
        record.offset < (endsBefore.get(topic)?.[record.partition] ?? 0) &&
        isFromLog(sequence, beforeAll)
      )
        differences.push(this.#createDifference(topic, event, sequence, { field: '', live: event.type }))
    }
    for (const expected of this.#expected) {
      const { partition, topic, event, position, everyPartition, entity, appendMs, found } = expected
      const wanted = everyPartition ? (ranges.get(topic)?.length ?? 1) : 1
      if (found.size >= wanted || outbox.has(event.id)) continue
      const oneSided = this.#findOneSided(event, unlike)
      if (oneSided) failures.push(oneSided)
      const isRefused = refused.has(`${partition}@${parsePosition(position).offset}`)
      const isGone = appendMs < (keptFromMs.get(topic) ?? 0)
      const exception = oneSided ? 'failures' : isRefused ? 'refused' : isGone ? 'not-kept' : undefined
      const lost = { field: '', again: event.type, partition, ...omitUndefined({ entity, exception }) }
      differences.push(this.#createDifference(topic, event, position, lost))
    }
    return { differences, failures: await this.#describeOneSided(failures) }
  }

  /** Returns a missing failure that has occurred on one side alone, since the live state remembers it: its record was lost. */
  #findOneSided(event: Event, unlike: LiveSide['unlike']): FailureData | undefined {
    const failed = this.#isFailure(event) ? (event.data as FailureData) : undefined
    if (!failed || !isUncertain(failed.errorType)) return undefined
    return failed.errorType === 'timer-failed' || unlike.has(formatFailurePlace(failed)) ? failed : undefined
  }

  /** Compares an event with its record in a topic. @param latest highest position so far for each partition and key */
  async #compareEmission(
    expected: Expected,
    record: LogRecord,
    latest: Map<string, string>,
  ): Promise<Difference[]> {
    const { partition, position, everyPartition, event, entity, found } = expected
    const about = (field: Pick<Difference, 'field' | 'live' | 'again' | 'exception'>) =>
      this.#createDifference(record.topic, event, position, {
        ...field,
        partition,
        ...omitUndefined({ entity }),
      })
    const differences: Difference[] = []
    if (!found.has(record.partition)) {
      found.add(record.partition)
      const order = `${partition} ${record.topic} ${record.partition} ${record.key?.toString('base64')}`
      const before = latest.get(order) ?? ''
      // Entries with the same partition and key must be published in order. Repeated records without a key can be in any partition.
      const isOrdered = record.key !== null || everyPartition
      if (isOrdered && before > position)
        differences.push(about({ field: 'order', live: before, again: position }))
      else latest.set(order, position)
    }
    const { reader } = this.#consumer
    const isSerialized = Buffer.isBuffer(event.data) !== Buffer.isBuffer(readOwnEvent(record)?.data)
    const [live] = isSerialized && reader ? await plainEvents([record], reader) : [readOwnEvent(record)]
    if (live === undefined || isFailure(live))
      return [...differences, about({ field: 'data', exception: 'serialized' })]
    const [own, other] = [selectCompared(live, record), selectCompared(event, expected)]
    const failed = this.#isFailure(event)
      ? { live: live.data as FailureData, again: event.data as FailureData }
      : undefined
    const isCut = failed && failed.live.omitted.length > failed.again.omitted.length
    const exception = isSerialized ? 'serialized' : isCut ? 'refused' : undefined
    // The message of an unexpected error can differ between machines.
    if (failed && isUncertain(failed.again.errorType))
      for (const side of [own, other]) side.data = { ...(side.data as FailureData), error: '' }
    // The clock of the consumer timed the failure of a record of another application.
    if (failed && readsForeignLogs(this.#consumer))
      for (const side of [own, other])
        Object.assign(side, {
          time: '',
          data: { ...(side.data as FailureData), failedAt: '', firstFailedAt: '' },
        })
    const fields = compareFields(own, other)
    return [...differences, ...fields.map(field => about({ ...field, ...omitUndefined({ exception }) }))]
  }

  async #describeOneSided(failures: readonly FailureData[]): Promise<OneSidedFailure[]> {
    const { process, reader } = this.#consumer
    await reader?.prepare(failures.map(restoreFailedRecord))
    return failures.map(data => {
      const record = restoreFailedRecord(data)
      const decoded = decode(record, this.#consumer)
      const eventId = findEventId(decoded)
      const concerns = [
        decoded.event && formatEntity(decoded.event),
        eventId && toHex(eventId),
        formatHolderName(failureId(process.name, record)),
        record.offset,
      ]
      const reason = data.errorType === 'skipped' ? 'set-aside' : 'failures'
      return { partition: record.partition, reason, concerns }
    })
  }

  #createDifference(
    topic: string,
    event: Event,
    sequence: string,
    difference: Omit<Difference, 'what' | 'topic' | 'id' | 'offset'>,
  ): Difference {
    const what = this.#isFailure(event) ? 'failure' : 'emission'
    return { what, topic, id: event.id, offset: parsePosition(sequence).offset, ...difference }
  }

  #isFailure({ type }: Event): boolean {
    return type === this.#consumer.application.failureEvent.type
  }
}

/**
 * Returns true for failures that need not be reproducible from the log: unexpected errors, failures of receivers, and records that
 * an operator has skipped.
 */
function isUncertain(code: string): boolean {
  const kind = FAILURES[code as FailureCode]?.class
  return kind === 'unexpected' || kind === 'retryable' || code === 'skipped'
}

/** Returns true if an event was emitted for a record after this offset. Returns false for an event of a takeover. */
function isFromLog(sequence: string, afterOffset: number): boolean {
  const place = parsePosition(sequence)
  return sequence !== '' && place.offset > afterOffset && !isOfTakeover(place)
}

function formatFailurePlace({ originalPartition, originalOffset }: FailureData): string {
  return `${originalPartition}@${originalOffset}`
}

/** Returns the parts of an event that are compared. The trace context and the names of schemas are not part of its content. */
function selectCompared(
  { source, type, subject, time, data, extensions }: Event,
  { key }: Pick<LogRecord, 'key'>,
): { data: unknown } {
  const sequence = extensions?.sequence
  const compared = { source, subject, time, sequence, key: key?.toString(), type, data }
  return compared
}

/** @returns the records, each with the first retained offset of its partition */
async function* readRecords(log: LogReader, ranges: ReadonlyMap<string, readonly OutputRange[]>) {
  for (const [topic, partitions] of ranges)
    for (const [partition, { start, end }] of partitions.entries()) {
      for (let next = start; next < end; ) {
        const range = { fromOffset: next, toOffset: end - 1 }
        const { records, nextOffset } = await log.read(topic, partition, range)
        for (const record of records) yield { record, start }
        next = nextOffset
      }
      log.leave?.(topic, partition)
    }
}

function readOwnEvent(record: Pick<LogRecord, 'value' | 'headers'>): Event | undefined {
  const event = readEvent(record as LogRecord)
  return isFailure(event) ? undefined : event
}

function toEventKey(topic: string, { id }: Event): string {
  return `${topic} ${id}`
}

function toKindKey(topic: string, { type, source }: Event): string {
  return `${topic} ${type} ${source}`
}
