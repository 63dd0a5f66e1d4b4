/** Lists messages of a topic from either end, from an offset, or from a time, within limits. */

import type { LogRecord } from '#runtime/cloudevents'
import { instant } from '#runtime/consumer'
import type { TopicOffsets } from '#runtime/operating/kafka'
import type { DataReader, LogReader } from '#runtime/pipeline'
import { formatBytesView } from '../../../../control/queries/records/bytes-view.ts'
import { type FoundRecords, findRecords } from '../../../../control/queries/records/find-records.ts'
import { countOffsets } from '../../../../control/queries/records/newest-ranges.ts'
import { decodePlainEvent } from '../../../../control/queries/records/plain-event.ts'
import { FOR_FUNCTIONS, toRecordText } from '../../../../control/queries/records/record-filter.ts'
import { formatRecordSummary, shortenType } from '../../../../control/queries/records/record-summary.ts'
import { type RecordView, toRecordView } from '../../../../control/queries/records/record-view.ts'
import type { Trial } from '../../../../control/recordings/import/mapping-trial.ts'
import { textFilter } from '../../../../lib/support/text-match.ts'
import { encodeCursor, type MessagesQuery, resolveBeginning } from './message-query.ts'

export interface MessageList {
  readonly topic: string
  /** Number of offsets that Kafka retains, summed over all partitions. */
  readonly held: number
  readonly messages: readonly MessageRow[]
  readonly isNewestFirst: boolean
  /** Number of examined messages, including messages that are not shown. */
  readonly looked: number
  /** Number of examined ticks and rule sets that are hidden. */
  readonly hidden: number
  /** Reason why the search ended. After `limit`, the topic may contain more matching messages. */
  readonly endedBy: FoundRecords<unknown>['endedBy']
  /** Append time of the last examined message. */
  readonly reached: string | null
  /** Cursor of the next page; null at the end. */
  readonly cursor: string | null
}

/** Row of a list of messages. Long texts are truncated. */
export interface MessageRow {
  readonly partition: number
  readonly offset: number
  /** Append time of the record; null if it has no timestamp. */
  readonly recordTime: string | null
  /** Event time, unchanged from the producer. */
  readonly eventTime: string | null
  readonly key: string | null
  /** Event type without the prefix that all types of Sluice share; null if the record is not an event. */
  readonly type: string | null
  readonly entity: string | null
  /** Reason why the record is not an event, or no event becomes of it. */
  readonly failure: string | null
  readonly summary: string
}

/** Ports for reading messages. */
export interface MessagePorts {
  readonly log: LogReader
  readonly offsets: Pick<TopicOffsets, 'bounds' | 'at'>
  readonly reader: DataReader
  readonly nowMs: () => number
  /** Returns what the function `intake` makes of a record; undefined for a topic that is not an input. */
  readonly tryInput?: (record: LogRecord) => Promise<Trial | undefined>
}

const PAGE_SIZE = 20
/** Limits of one search. */
const LIMITS = { records: 100_000, bytes: 64 * 1024 * 1024, ms: 5_000 }

/** Lists messages. Throws the errors of `resolveBeginning`, `findRecords` and the ports. */
export async function listMessages(query: MessagesQuery, ports: MessagePorts): Promise<MessageList> {
  const { log, offsets, reader, nowMs } = ports
  const { direction, ranges, bounds } = await resolveBeginning(query, offsets)
  const fits = query.text === undefined ? () => true : textFilter(query.text)
  let hidden = 0
  const toMatchingRow = async (record: LogRecord): Promise<MessageRow | undefined> => {
    // The text is searched before the record is decoded.
    if (!fits(toRecordText(record))) return undefined
    const view = toRecordView(record, await decodePlainEvent(record, reader))
    // Who asks for an offset sees what is there. Elsewhere, records that are only for functions would hide the others.
    if (query.offset !== undefined || !FOR_FUNCTIONS.includes(view.event?.type))
      return toMessageRow(view, await ports.tryInput?.(record))
    hidden += 1
    return undefined
  }
  const limits = { ...LIMITS, untilMs: nowMs() + LIMITS.ms, nowMs, wanted: PAGE_SIZE }
  const { found, looked, endedBy, left, reachedMs } = await findRecords(
    log,
    ranges,
    direction,
    toMatchingRow,
    limits,
  )
  return {
    topic: query.topic,
    held: countOffsets(bounds),
    messages: found,
    isNewestFirst: direction === 'backward',
    looked,
    hidden,
    endedBy,
    reached: reachedMs === undefined ? null : instant(reachedMs),
    cursor: encodeCursor(direction, left) ?? null,
  }
}

const MAX_NAME_LENGTH = 80
const MAX_TYPE_LENGTH = 120
const MAX_SUMMARY_LENGTH = 240

/** @param trial outcome of the record of an input, whose event it then shows */
function toMessageRow(view: RecordView, trial: Trial | undefined): MessageRow {
  const { partition, offset, recordTime, eventTime, failure } = view
  const event = trial?.accepted ? trial.event : view.event
  return {
    ...{ partition, offset, recordTime, eventTime },
    key: formatKey(view.key),
    type: event && truncate(shortenType(String(event.type)), MAX_TYPE_LENGTH),
    entity: event && truncate(String(event.subject ?? event.source), MAX_NAME_LENGTH),
    failure: (trial ? !trial.accepted && trial.code : failure?.code) || null,
    summary: truncate(formatRecordSummary(view), MAX_SUMMARY_LENGTH),
  }
}

function formatKey(key: RecordView['key']): string | null {
  if (key === null) return null
  return truncate(formatBytesView(key), MAX_NAME_LENGTH)
}

function truncate(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}
