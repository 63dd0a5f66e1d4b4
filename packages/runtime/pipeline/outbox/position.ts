/**
 * Recognises repeated emissions without a time limit. Every emission carries an origin, which identifies the partition that it was
 * emitted from, and a sequence, which increases within its origin. After a loss of its state, a consumer reads its log and emits
 * everything again. A reader of its topic drops these repeats, because their sequences are not higher than one that it has decided.
 */

import type { Event } from '../../consumer/event.ts'
import type { Consumer } from '../consumer.ts'
import type { LogIdentity } from '../model/log.ts'
import type { OutboxEntry, StateKey } from '../model/partition-state.ts'

/** Position of an emission within the emissions of its origin. */
export interface SequencedOrigin {
  readonly origin: string
  readonly sequence: string
}

/**
 * Returns the origin of the emissions of a partition.
 *
 * @param log identity of the log, see `LogReader.identity`
 */
export function formatOrigin({ consumer, topic, partition }: StateKey, log: LogIdentity): string {
  return [consumer, log.cluster, topic, partition, log.topicId].join(':')
}

/** Record at which a consumer emitted an event. */
export interface EmittingRecord {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Returns the record at which an event was emitted, by its origin; undefined if it has none, or was emitted by a takeover. */
export function findEmittingRecord({ extensions }: Pick<Event, 'extensions'>): EmittingRecord | undefined {
  const { origin, sequence } = extensions ?? {}
  if (origin === undefined || sequence === undefined || !SEQUENCE.test(sequence)) return undefined
  const [consumer = '', , topic = '', partition] = origin.split(':')
  const { offset, takeoverMs } = parsePosition(sequence)
  return takeoverMs === undefined ? { consumer, topic, partition: Number(partition), offset } : undefined
}

/**
 * Returns the origin of the emissions for a record of another application that is redriven. Those of one topic still have increasing
 * sequences.
 *
 * @param origin origin of the partition through which the record is redriven
 * @param topic topic in which the record failed
 */
export function redrivenOrigin(origin: string, topic: string): string {
  return `${origin}:${topic}`
}

/** Returns the topic whose record a consumer has emitted an event for; undefined for events of others. */
export function findOriginTopic(
  { extensions }: Pick<Event, 'extensions'>,
  emitter: string,
): string | undefined {
  const [consumer, , topic, , , original = topic] = extensions?.origin?.split(':') ?? []
  return consumer === emitter ? original : undefined
}

/** Returns the event as a new one of its own: its repeats are no longer recognised by its origin. */
export function withoutOrigin(event: Event): Event {
  if (event.extensions?.origin === undefined) return event
  const { origin: _, ...extensions } = event.extensions
  return { ...event, extensions }
}

/** A position in the outbox, see `entryAt`. Longer positions are those of a takeover. */
const SEQUENCE = /^0\.\d{16}\.\d{8}(?:\.\d{14}\.\d{8})?$/

/**
 * Returns the origin and the sequence of an event. Returns undefined unless the origin's consumer is declared to emit to the topic,
 * because any other producer could raise the sequence and thus have the emissions of the consumer dropped.
 */
export function findSequencedOrigin(
  { extensions }: Pick<Event, 'extensions'>,
  topic: string,
  { emitters }: Pick<Consumer, 'emitters'>,
): SequencedOrigin | undefined {
  const { origin, sequence } = extensions ?? {}
  if (origin === undefined || sequence === undefined || !SEQUENCE.test(sequence)) return undefined
  const consumer = origin.slice(0, origin.indexOf(':'))
  return emitters?.get(topic)?.has(consumer) ? { origin, sequence } : undefined
}

export interface EmissionPosition {
  readonly offset: number
  /** Number of earlier emissions at the same offset, from the record itself or from timers that fired before it. */
  readonly index: number
  /**
   * Time of the takeover that emits, in milliseconds since the epoch; absent for a record. A takeover follows all emissions at its
   * offset, and all earlier takeovers there.
   */
  readonly takeoverMs?: number
  /** Origin of the emission, see `formatOrigin`; absent if unknown. */
  readonly origin?: string | undefined
}

export function entryAt(entry: Omit<OutboxEntry, 'position'>, at: EmissionPosition): OutboxEntry {
  const sequenced = createSequence(at)
  const extensions = { ...entry.event.extensions, ...sequenced }
  return { ...entry, position: sequenced.sequence, event: { ...entry.event, extensions } }
}

/**
 * Returns the extensions of the CloudEvents extension "Sequence", with the origin if it is known. The sequences are positions in the
 * outbox, and sort in order when compared as strings.
 */
export function createSequence({ offset, index, takeoverMs, origin }: EmissionPosition) {
  const takeover = takeoverMs === undefined ? '' : `${AFTER_RECORDS}.${padNumber(takeoverMs, 14)}.`
  const sequence = `0.${padNumber(offset, 16)}.${takeover}${padNumber(index, INDEX_DIGITS)}`
  return origin ? { sequence, origin } : { sequence }
}

export function parsePosition(position: string): EmissionPosition {
  const [, offset = 0, index = 0, takeoverMs, ofTakeover] = position.split('.')
  return {
    offset: Number(offset),
    index: Number(ofTakeover ?? index),
    ...(takeoverMs === undefined ? {} : { takeoverMs: Number(takeoverMs) }),
  }
}

function padNumber(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

const INDEX_DIGITS = 8
/** Index of all takeovers. It is higher than the index of any emission of a record. */
const AFTER_RECORDS = '9'.repeat(INDEX_DIGITS)
