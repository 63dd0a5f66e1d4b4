/**
 * `@sluice/runtime/cloudevents`: events of handlers as objects of the package `cloudevents`. It is an entry of its own, so that only
 * functions that use it load the package.
 */
import { CloudEvent } from 'cloudevents'
import { type Event, getEventTime, type Received } from '../consumer/event.ts'

/**
 * Converts an event to a `CloudEvent` of the package `cloudevents`. If it is published, consumers receive the same attributes and
 * data. An event without a time gets the timestamp of its record, because the package would use the current time.
 *
 * @throws TypeError if the event has an extension of the name schemaurl, which the package refuses
 */
export function toCloudEvent<Data>(event: Event<Data> & Pick<Received<Data>, 'timeMs'>): CloudEvent<Data> {
  const { id, source, type, subject, datacontenttype, dataschema, data, extensions } = event
  const attributes = { id, source, type, subject, datacontenttype, dataschema, time: getEventTime(event) }
  // The package does not check the event, because the reader has checked it.
  return new CloudEvent({ ...extensions, ...attributes, data } as Partial<CloudEvent<Data>>, false)
}
