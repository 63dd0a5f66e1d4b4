/** Collects the events that a consumer emits by its log, and compares them with the topics. */
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { type Event, entityOf } from '../../consumer/event.ts'
import { FAILURES, type FailureCode } from '../../consumer/failure-codes.ts'
import { type FailureData, failureId } from '../../consumer/failure-event.ts'
import type { Consumer } from '../consumer.ts'
import { placeOf } from '../deciding/emission.ts'
import { decode } from '../decoding/decode.ts'
import { plainEvents } from '../decoding/plain-records.ts'
import type { Decision, OutboxEntry } from '../model.ts'
import type { LogReader } from '../ports.ts'
import { recordOf } from '../publishing/publish.ts'
import { eventIdOf, failedRecordOf } from '../reprocessing/new-failures.ts'
import { isOfTakeover } from '../reprocessing/takeover.ts'
import { differingFields, type FieldDifference, hexOf } from './compare.ts'

/** A range of an output topic's partition. */
export interface OutputRange {
  /** The first offset that the partition still has. */
  readonly start: number
  /** The first offset to read. */
  readonly from: number
  /** The offset after the last record. */
  readonly end: number
}

export interface EmissionDifference extends FieldDifference {
  readonly what: 'emission' | 'failure'
  /** Partition of the consumer's topic; absent for an event that the log does not give. */
  readonly partition?: number
  readonly offset: number
  readonly entity?: string
  readonly topic: string
  /** Id of the event. */
  readonly id: string
  /** Why it counts as an exception; absent if it does not. */
  readonly exception?: 'failures' | 'refused' | 'not-kept' | 'serialized'
}

/** A failure that need not happen again, and that only the live consumer has found, or only the log gives. */
export interface OneSidedFailure {
  readonly code: string
  readonly partition: number
  readonly offset: number
  /** The same for all attempts. */
  readonly id: string
  /** The entity of the event that failed, if the record holds one. */
  readonly entity: string | undefined
  /** `Fingerprint.id` of that event, as hexadecimal digits. */
  readonly eventId: string | undefined
}

/** Facts about the live states whose emissions are compared. */
export interface LiveSide {
  /** Ids of events that are not published yet. */
  readonly outbox: ReadonlySet<string>
  /** The first offset that was read again, by partition. */
  readonly beginnings: ReadonlyMap<number, number>
  /** Where live states remember other failures than the log gives: `partition@offset`. */
  readonly unlike: ReadonlySet<string>
  /** Where topics that only this consumer writes to ended before any live state was looked at. */
  readonly endsBefore: ReadonlyMap<string, readonly number[]>
}

interface Expected {
  readonly partition: number
  readonly entry: Pick<OutboxEntry, 'position' | 'everyPartition'>
  readonly topic: string
  readonly key: Buffer | null
  readonly event: Event
  readonly entity: string | undefined
  readonly appendMs: number
  /** Partitions of the topic that have it. */
  readonly found: Set<number>
}

export class Emissions {
  readonly #consumer: Consumer
  /** Keyed by topic and id: an event that comes again after its id was forgotten is emitted again. */
  readonly #expected = new Map<string, Expected[]>()
  /** Type and source of what was emitted, by topic. */
  readonly #kinds = new Set<string>()

  constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  add(partition: number, decisions: readonly Decision[]): void {
    for (const { emitted = [], event: cause, timer, appendMs } of decisions)
      for (const entry of emitted) {
        const { dataWriter: _, ...plain } = this.#consumer
        const { topic, key, ...record } = recordOf(entry, plain)
        const event = eventIn(record) as Event
        const entity = timer?.entity ?? (cause && entityOf(cause))
        const { position, everyPartition } = entry
        const kept = { position, ...(everyPartition ? { everyPartition } : {}) }
        const name = nameOf(topic, event)
        const same = this.#expected.get(name) ?? []
        this.#expected.set(name, same)
        same.push({
          partition,
          entry: kept,
          topic,
          key,
          event,
          entity,
          appendMs,
          found: new Set(),
        })
        this.#kinds.add(kindOf(topic, event))
      }
  }

  get #all(): readonly Expected[] {
    return [...this.#expected.values()].flat()
  }

  /** The topics that were emitted to, and that of failures: there may be some that the log does not give. */
  get topics(): ReadonlySet<string> {
    const { application, failuresTo, env } = this.#consumer
    return new Set([...this.#all.map(({ topic }) => topic), application.kafkaTopic(failuresTo, env)])
  }

  /** Number of expected failure records, and of other events. */
  get counts(): { readonly emissions: number; readonly failures: number } {
    const failures = this.#all.filter(({ event }) => this.#isFailure(event)).length
    return { emissions: this.#all.length - failures, failures }
  }

  /**
   * Reads the topics, and compares.
   *
   * @param ranges by topic, up to where they reach now
   */
  async compare(
    log: LogReader,
    ranges: ReadonlyMap<string, readonly OutputRange[]>,
    { outbox, beginnings, unlike, endsBefore }: LiveSide,
  ): Promise<{
    readonly differences: readonly EmissionDifference[]
    readonly failures: readonly OneSidedFailure[]
  }> {
    // What lies behind the beginnings of all partitions cannot come from before.
    const beforeAll = Math.max(...beginnings.values()) - 1
    const differences: EmissionDifference[] = []
    const failures: FailureData[] = []
    const refused = new Set<string>()
    const keptFromMs = new Map<string, number>()
    for (const [topic, partitions] of ranges) {
      const latest = new Map<string, string>()
      for (const [partition, { start, from, end }] of partitions.entries())
        for await (const record of recordsOf(log, topic, partition, from, end)) {
          if (start > 0 && record.offset === start)
            keptFromMs.set(topic, Math.max(keptFromMs.get(topic) ?? 0, record.timestampMs))
          const event = eventIn(record)
          if (!event) continue
          const same = this.#expected.get(nameOf(topic, event))
          const sequence = event.extensions?.sequence ?? ''
          const isBefore = (partition: number) => placeOf(sequence).offset < (beginnings.get(partition) ?? 0)
          if (same) {
            const expected = same.find(({ entry }) => entry.position === sequence)
            // An event whose id was forgotten may have been emitted before, too.
            const found = expected ?? same.find(({ partition }) => !isBefore(partition))
            if (found) differences.push(...(await this.#found(found, record, latest)))
          } else if (this.#isFailure(event)) {
            const data = event.data as FailureData
            // The topic has those of before, too.
            if (isBefore(data.originalPartition)) continue
            if (data.errorType === 'emission-refused')
              refused.add(`${data.originalPartition}@${data.originalOffset}`)
            else if (data.consumer === this.#consumer.process.name && isUncertain(data.errorType))
              failures.push(data)
          } else if (record.offset < (endsBefore.get(topic)?.[partition] ?? 0))
            differences.push(...this.#strange(topic, event, beforeAll))
        }
    }
    for (const { partition, topic, event, entry, entity, appendMs, found } of this.#all) {
      const wanted = entry.everyPartition ? (ranges.get(topic)?.length ?? 1) : 1
      if (found.size >= wanted || outbox.has(event.id)) continue
      const { offset } = placeOf(entry.position)
      const failed = this.#isFailure(event) ? (event.data as FailureData) : undefined
      // A failure that the live state remembers did happen, and its record is lost.
      const isExcepted =
        failed !== undefined &&
        isUncertain(failed.errorType) &&
        (failed.errorType === 'timer-failed' ||
          unlike.has(`${failed.originalPartition}@${failed.originalOffset}`))
      if (isExcepted) failures.push(failed)
      const exception = isExcepted
        ? 'failures'
        : refused.has(`${partition}@${offset}`)
          ? 'refused'
          : appendMs < (keptFromMs.get(topic) ?? 0)
            ? 'not-kept'
            : undefined
      differences.push({
        ...this.#about(topic, event, { partition, offset, entity }),
        field: '',
        again: event.type,
        ...(exception ? { exception } : {}),
      })
    }
    return { differences, failures: await this.#oneSided(failures) }
  }

  async #found(
    expected: Expected,
    record: LogRecord,
    latest: Map<string, string>,
  ): Promise<EmissionDifference[]> {
    const { partition, entry, event, entity, found } = expected
    const { topic } = record
    const { offset } = placeOf(entry.position)
    const about = this.#about(topic, event, { partition, offset, entity })
    const differences: EmissionDifference[] = []
    if (!found.has(record.partition)) {
      found.add(record.partition)
      const order = `${partition} ${record.partition} ${record.key?.toString('base64')}`
      const before = latest.get(order) ?? ''
      // Entries of one partition and key leave in their order.
      if (before > entry.position)
        differences.push({ ...about, field: 'order', live: before, again: entry.position })
      else latest.set(order, entry.position)
    }
    const { reader } = this.#consumer
    const isSerialized = Buffer.isBuffer(event.data) !== Buffer.isBuffer(eventIn(record)?.data)
    const [live] = isSerialized && reader ? await plainEvents([record], reader) : [eventIn(record)]
    if (live === undefined || isFailure(live))
      return [...differences, { ...about, field: 'data', exception: 'serialized' }]
    const failed = this.#isFailure(event) ? [event, live].map(({ data }) => data as FailureData) : []
    const isWithout = failed[0] && failed[1] && failed[1].omitted.length > failed[0].omitted.length
    const exception = isSerialized ? 'serialized' : isWithout ? 'refused' : undefined
    const [own, other] = [comparable(live, record), comparable(event, expected)]
    // What a bug says can be of its machine.
    if (failed[0] && isUncertain(failed[0].errorType))
      for (const one of [own, other]) one.data = { ...(one.data as FailureData), error: '' }
    const fields = differingFields(own, other)
    return [
      ...differences,
      ...fields.map(field => ({ ...about, ...field, ...(exception ? ({ exception } as const) : {}) })),
    ]
  }

  async #oneSided(failures: readonly FailureData[]): Promise<OneSidedFailure[]> {
    const { process, reader } = this.#consumer
    await reader?.prepare(failures.map(failedRecordOf))
    return failures.map(data => {
      const decoded = decode(failedRecordOf(data), this.#consumer)
      const {
        originalTopic: topic,
        originalPartition: partition,
        originalOffset: offset,
        errorType: code,
      } = data
      const id = failureId(process.name, { topic, partition, offset })
      const entity = decoded.event && entityOf(decoded.event)
      const eventId = eventIdOf(decoded)
      return { code, partition, offset, id, entity, eventId: eventId && hexOf(eventId) }
    })
  }

  /** An event of a kind that this consumer emits, and that its log does not give. */
  #strange(topic: string, event: Event, afterOffset: number): EmissionDifference[] {
    const { sequence } = event.extensions ?? {}
    if (sequence === undefined || !this.#kinds.has(kindOf(topic, event))) return []
    const place = placeOf(sequence)
    if (place.offset <= afterOffset || isOfTakeover(place)) return []
    return [{ ...this.#about(topic, event, { offset: place.offset }), field: '', live: event.type }]
  }

  #about(
    topic: string,
    event: Event,
    {
      entity,
      ...place
    }: { readonly partition?: number; readonly offset: number; readonly entity?: string | undefined },
  ) {
    const what = this.#isFailure(event) ? ('failure' as const) : ('emission' as const)
    return { what, topic, id: event.id, ...place, ...(entity === undefined ? {} : { entity }) }
  }

  #isFailure({ type }: Event): boolean {
    return type === this.#consumer.application.failureEvent.type
  }
}

/** Failures that the same log need not give again: bugs, receivers, and what an operator has set aside. */
function isUncertain(code: string): boolean {
  const kind = FAILURES[code as FailureCode]?.class
  return kind === 'unexpected' || kind === 'retryable' || code === 'skipped'
}

/** Trace context and names of schemas are left out: they say nothing of what happened. */
function comparable(
  { source, type, subject, time, data, extensions }: Event,
  { key }: Pick<LogRecord, 'key'>,
): Pick<Event, 'type'> & { data: unknown } {
  const sequence = extensions?.sequence
  const about = { source, subject, time, sequence, key: key?.toString() }
  return { ...about, type, data }
}

async function* recordsOf(log: LogReader, topic: string, partition: number, from: number, end: number) {
  for (let next = from; next < end; ) {
    const { records, nextOffset } = await log.read(topic, partition, { fromOffset: next, toOffset: end - 1 })
    yield* records
    next = nextOffset
  }
  log.leave?.(topic, partition)
}

function eventIn(record: Pick<LogRecord, 'value' | 'headers'>): Event | undefined {
  const event = readEvent(record as LogRecord)
  return isFailure(event) ? undefined : event
}

function nameOf(topic: string, { id }: Event): string {
  return `${topic} ${id}`
}

function kindOf(topic: string, { type, source }: Event): string {
  return `${topic} ${type} ${source}`
}
