/** A recorded item as `--filter` sees it. Pure. */

import { parseTime } from '../../../packages/runtime/cloudevents/attributes.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { eventDocument, type RecordView, recordView } from '../../queries/record-view.ts'
import { streamKey } from './outgoing.ts'
import type { Recorded } from './recorded.ts'

/** An event of a stream has no place in a log: its offset is its line, and its record's time is its own. */
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
