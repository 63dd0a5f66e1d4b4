/** Turns emissions and failures into events in the outbox. The id and time of an emission are derived only from its cause. */

import { continueTrace } from '../../cloudevents/trace.ts'
import type { Event } from '../../consumer/event.ts'
import type { FailureData } from '../../consumer/failure-event.ts'
import type { Emission } from '../../consumer/process.ts'
import type { Consumer } from '../consumer.ts'
import type { Cause } from '../model/cause.ts'
import type { OutboxEntry } from '../model/partition-state.ts'

/** Radix for the generation. It is written as a single character, because positions are compared as strings. */
const GENERATION_RADIX = 36
const INDEX_DIGITS = 8
/** Index of all takeovers. It is higher than the index of any emission of a record. */
const AFTER_RECORDS = '9'.repeat(INDEX_DIGITS)

export interface EmissionPosition {
  readonly offset: number
  /** Number of earlier emissions at the same offset, from the record itself or from timers that fired before it. */
  readonly index: number
  /** Number of times the topic has grown. Compared first, because the offsets of an entity may be lower in its new partition. */
  readonly generation?: number
  /**
   * Time of the takeover that emits, in milliseconds since the epoch; absent for a record. A takeover follows all emissions at its
   * offset, and all earlier takeovers there.
   */
  readonly takeoverMs?: number
  /** Origin of the emission, see `origin.ts`; absent if unknown. */
  readonly origin?: string | undefined
}

export function createEmissionEntry(
  consumer: string,
  emission: Emission,
  cause: Cause,
  at: EmissionPosition,
): OutboxEntry {
  const id = cause.emissionId(consumer, emission.name)
  const { to, key, name: _, untimed, everyPartition, partition, ...attributes } = emission
  const event: Event = {
    ...attributes,
    id,
    ...(untimed ? {} : { time: cause.time() }),
    datacontenttype: 'application/json',
    extensions: continueTrace(cause, id),
  }
  const where = partition === undefined ? {} : { partition }
  return entryAt({ to, key, event, ...where, ...(everyPartition ? { everyPartition } : {}) }, at)
}

/** Consumer that writes failure records, with their topic and content mode. */
export type Sender = Pick<Consumer, 'application' | 'failuresTo' | 'contentMode' | 'emitters'> & {
  readonly process: { readonly name: string }
}

/** Returns the outbox entry for a failure event. If `cause` has a trace context, the entry continues its trace. */
export function createFailureEntry(
  { application: { failureEvent }, failuresTo }: Sender,
  id: string,
  at: EmissionPosition,
  data: FailureData,
  cause: Pick<Event, 'extensions'> | undefined,
): OutboxEntry {
  const event: Event = {
    id,
    source: `/consumers/${data.consumer}`,
    type: failureEvent.type,
    subject: `${data.originalTopic}/${data.originalPartition}/${data.originalOffset}`,
    time: data.failedAt,
    datacontenttype: 'application/json',
    ...(failureEvent.dataschema === undefined ? {} : { dataschema: failureEvent.dataschema }),
    data,
    extensions: cause ? continueTrace(cause, id) : {},
  }
  const key = data.originalKey === null ? null : { base64: data.originalKey }
  return entryAt({ to: failuresTo, key, event }, at)
}

export function entryAt(entry: Omit<OutboxEntry, 'position'>, at: EmissionPosition): OutboxEntry {
  const { takeoverMs, origin } = at
  const index = padNumber(at.index, INDEX_DIGITS)
  const position = [
    (at.generation ?? 0).toString(GENERATION_RADIX),
    padNumber(at.offset, 16),
    ...(takeoverMs === undefined ? [index] : [AFTER_RECORDS, padNumber(takeoverMs, 14), index]),
  ].join('.')
  // CloudEvents "Sequence" extension: the values sort in order when compared as strings.
  const extensions = { ...entry.event.extensions, sequence: position, ...(origin ? { origin } : {}) }
  return { ...entry, position, event: { ...entry.event, extensions } }
}

export function parsePosition(position: string): EmissionPosition {
  const [generation = '0', offset = 0, index = 0, takeoverMs, ofTakeover] = position.split('.')
  return {
    offset: Number(offset),
    index: Number(ofTakeover ?? index),
    generation: Number.parseInt(generation, GENERATION_RADIX),
    ...(takeoverMs === undefined ? {} : { takeoverMs: Number(takeoverMs) }),
  }
}

function padNumber(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
