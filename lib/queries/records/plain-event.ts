/** Decodes the events in records of any format, for display. */
import type { LogRecord } from '#runtime/cloudevents/index.ts'
import { type Event, type Failure, failure } from '#runtime/consumer/index.ts'
import { plainEvents } from '#runtime/pipeline/decoding/index.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { DataReader } from '#runtime/pipeline/ports.ts'

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
