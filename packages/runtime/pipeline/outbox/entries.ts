/** Turns emissions and failures into events in the outbox. The id and time of an emission are derived only from its cause. */
import { continueTrace } from '../../cloudevents/trace.ts'
import type { Event } from '../../consumer/event.ts'
import type { FailureData } from '../../consumer/failure-event.ts'
import type { Emission } from '../../consumer/process.ts'
import type { Consumer } from '../consumer.ts'
import type { Cause } from '../model/cause.ts'
import type { OutboxEntry } from '../model/partition-state.ts'
import { createSequence, type EmissionPosition, entryAt } from './position.ts'

export function createEmissionEntry(
  consumer: string,
  emission: Emission,
  cause: Cause,
  at: EmissionPosition,
): OutboxEntry {
  const { to, key, name, untimed, everyPartition, partition, passesOn, ...attributes } = emission
  const id = passesOn?.id ?? cause.emissionId(consumer, name)
  // Each spread of an object costs as much as the other parts of an event together, so optional parts are assigned.
  const event: Mutable<Event> = { ...attributes, id }
  if (!untimed) event.time = cause.time()
  event.datacontenttype = 'application/json'
  const sequenced = createSequence(at)
  event.extensions = { ...passesOn?.extensions, ...continueTrace(cause, id), ...sequenced }
  const entry: Mutable<OutboxEntry> = { to, key, event, position: sequenced.sequence }
  if (partition !== undefined) entry.partition = partition
  if (everyPartition) entry.everyPartition = everyPartition
  return entry
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

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
