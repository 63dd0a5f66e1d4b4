/** Decodes recorded events for display and filters. The recorded bytes are published unchanged. */

import { isFailure, type LogRecord, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { type DataReader, plainEvents, Unavailable } from '#runtime/pipeline'
import { OperationFailure } from '../../support/operation-failure.ts'
import type { Recorded } from './recorded-items.ts'

/**
 * Returns the events of a group with decoded data. If the data cannot be decoded, the event is returned unchanged.
 *
 * @throws OperationFailure if the schema registry is needed and does not answer
 */
export async function decodeGroup(
  group: readonly Recorded[],
  reader: DataReader,
): Promise<readonly Recorded[]> {
  const serialized = group.filter(({ event }) => Buffer.isBuffer(event?.data))
  if (serialized.length === 0) return group
  const records = serialized.map(({ record, event }) => record ?? toLogRecord(event as Event))
  const events = await plainEvents(records, reader).catch(error => {
    if (!(error instanceof Unavailable)) throw error
    throw new OperationFailure(`The recording cannot be read: ${error.message}`, { cause: error })
  })
  const read = new Map(serialized.map((record, index) => [record, events[index]]))
  return group.map(record => {
    const event = read.get(record)
    return event === undefined || isFailure(event) ? record : { ...record, event }
  })
}

/** Returns a placeholder record for an event from a stream. The decoder needs a record, but only uses its bytes. */
function toLogRecord(event: Event): LogRecord {
  const place = { topic: '', partition: -1, offset: -1, timestampMs: 0, key: null }
  return { ...place, ...writeEvent(event, 'structured') }
}
