/** What leaves a consumer: emissions become events whose id, time and place follow from their cause alone. */

import { continuedTrace } from '../cloudevents/trace.ts'
import { dataschemaOf } from '../domain/dataschema.ts'
import type { Event } from '../domain/event.ts'
import { FAILURE_TYPE, type Failure } from '../domain/failure/failure.ts'
import type { Emission } from '../domain/process.ts'
import type { Signal } from '../domain/topics.ts'
import type { Cause } from './cause.ts'
import type { OutboxEntry } from './ports.ts'

/** How often the topic's partitions were laid out anew; a reader of last values compares it first. */
const PARTITIONING_GENERATION = 0

/** Where in the log something is emitted. */
export interface Place {
  /** Of the record being processed. */
  readonly offset: number
  /** Counts what was emitted at that offset so far, by its record and by timers before it. */
  readonly index: number
}

/** The event of an emission, placed in the outbox. */
export function emitted(consumer: string, emission: Emission, cause: Cause, at: Place): OutboxEntry {
  const id = cause.emissionId(consumer, emission.name)
  const { to, key, name: _, ...attributes } = emission
  return entry(to, key, at, {
    ...attributes,
    id,
    time: cause.time,
    datacontenttype: 'application/json',
    extensions: continuedTrace(cause, id),
  })
}

/** The event of a failure, placed in the outbox. `cause` is the event whose trace it continues, if there is one. */
export function failureEntry(
  id: string,
  to: Signal,
  at: Place,
  data: Failure,
  cause: Pick<Event, 'extensions'> | undefined,
): OutboxEntry {
  return entry(to, data.originalKey === null ? null : { base64: data.originalKey }, at, {
    id,
    source: `/consumers/${data.consumer}`,
    type: FAILURE_TYPE,
    subject: `${data.originalTopic}/${data.originalPartition}/${data.originalOffset}`,
    time: data.failedAt,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(FAILURE_TYPE),
    data,
    extensions: cause ? continuedTrace(cause, id) : {},
  })
}

function entry(to: Signal, key: OutboxEntry['key'], at: Place, event: Event): OutboxEntry {
  const position = [PARTITIONING_GENERATION, padded(at.offset, 16), padded(at.index, 8)].join('.')
  // CloudEvents "Sequence" extension: compared as strings, these are in order.
  const extensions = { ...event.extensions, sequence: position }
  return { position, to, key, event: { ...event, extensions } }
}

/** Where an entry of the outbox was emitted. */
export function placeOf(position: string): Place {
  const [, offset, index] = position.split('.').map(Number)
  return { offset: offset ?? 0, index: index ?? 0 }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
