/** Gives the process of the open dead letters its topic, and reads the records of that topic for it. */

import type { Application, ForeignRecord } from '../../packages/runtime/consumer/application.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { dlqEntry } from '../failures/dead-letter-row.ts'
import { OWN_TYPES } from '../failures/dlq-record.ts'
import { DLQ_ENTRY_TYPE, DLQ_SOURCE, openDeadLetters } from '../failures/open-dead-letters.ts'
import { APPLICATION } from './application.ts'
import { TOPICS } from './topics.ts'

const DAY_MS = 86_400_000

export const OPEN_LETTERS = openDeadLetters(TOPICS.dlq.keptDays * DAY_MS)

/** No erasure: an event that names the entity of a partition would empty its table. The topic keeps dead letters for as long in any case. */
const { erasureType: _, ...OTHERS } = APPLICATION

/**
 * Sluice, for the reader of the dlq topic: a record becomes an event of its partition, with its place. A record that cannot be read is listed
 * as broken instead of failing, so that it does not become another dead letter; nor does an event of another type fail by its schema.
 */
export const DLQ_READING: Application = {
  ...OTHERS,
  readsMalformed: true,
  readForeign: entryEvent,
  readData: ({ data }) => ({ kind: 'data', data }),
}

function entryEvent(record: ForeignRecord, event?: Event): Event | undefined {
  if (event && !OWN_TYPES.includes(event.type)) return undefined
  const { partition, offset } = record
  return {
    id: `${partition}@${offset}`,
    source: DLQ_SOURCE,
    subject: String(partition),
    type: DLQ_ENTRY_TYPE,
    datacontenttype: 'application/json',
    data: dlqEntry(record),
  }
}
