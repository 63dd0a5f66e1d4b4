/** Configures the consumer that maintains the list of open dead letters. */

import type { Application, ForeignRecord } from '#runtime/consumer/application.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { dlqEntry } from '../failures/dead-letter-row.ts'
import { OWN_TYPES } from '../failures/dlq-record.ts'
import { DLQ_ENTRY_TYPE, DLQ_SOURCE, openDeadLetters } from '../failures/open-dead-letters.ts'
import { APPLICATION } from './application.ts'
import { TOPICS } from './topics.ts'

const DAY_MS = 86_400_000

export const OPEN_LETTERS = openDeadLetters(TOPICS.dlq.keptDays * DAY_MS)

/**
 * Erasures are disabled for the list of dead letters, because an erasure would delete the list of a whole partition. Dead letters
 * expire with the retention of their topic.
 */
const { erasureType: _, ...OTHERS } = APPLICATION

/**
 * Application of the consumer that reads the dlq topic. Each record becomes an event with the partition as its entity. An
 * unreadable record is listed as broken instead of failing, because its failure would become another dead letter. For the same
 * reason, events of other types are not validated.
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
