/** Recorded item in the form that `--filter` uses. Pure. */

import { parseTime } from '../../../packages/runtime/cloudevents/attributes.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { eventDocument, type RecordView, recordView } from '../../queries/record-view.ts'
import { streamKey } from './outgoing.ts'
import type { Recorded } from './recorded.ts'

/**
 * Returns the view of an item. An event of a stream has no position in a log, so its offset is its line
 * number and its record time is the event time.
 */
export function viewOf({ record, event, line }: Recorded): RecordView {
  if (record !== undefined) return recordView(record, event)
  const { time } = event as Event
  const key = streamKey(event as Event)
  return {
    topic: '',
    partition: -1,
    offset: line,
    recordTime: time === undefined ? '' : instant(parseTime(time)),
    eventTime: time ?? null,
    key: key === null ? null : { text: key },
    headers: [],
    event: eventDocument(event as Event),
    failure: null,
    value: null,
  }
}
