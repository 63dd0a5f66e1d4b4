/** Decodes the events in records of any format, for display. */
import type { LogRecord } from '#runtime/cloudevents'
import { type Event, type Failure, failure } from '#runtime/consumer'
import { type DataReader, plainEvents, Unavailable } from '#runtime/pipeline'

/**
 * Returns the event in a record with decoded data. Returns a failure if the event cannot be decoded, for example because the
 * registry is unavailable.
 */
export async function decodePlainEvent(record: LogRecord, reader: DataReader): Promise<Event | Failure> {
  try {
    const [event] = await plainEvents([record], reader)
    return event as Event | Failure
  } catch (error) {
    if (error instanceof Unavailable && error.code === 'registry-unavailable')
      return failure('registry-unavailable', error.message)
    throw error
  }
}
