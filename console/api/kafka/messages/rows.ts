/** Rows of a list of messages. */
import { FOR_FUNCTIONS } from '../../../../lib/queries/for-functions.ts'
import { plainEvent } from '../../../../lib/queries/plain-event.ts'
import { recordSummary, shortType } from '../../../../lib/queries/record-summary.ts'
import { recordText } from '../../../../lib/queries/record-text.ts'
import { type RecordView, recordView } from '../../../../lib/queries/record-view.ts'
import { textFilter } from '../../../../lib/text-match.ts'
import { type LogRecord, sizeOf } from '../../../../packages/runtime/cloudevents/record.ts'
import type { DataReader } from '../../../../packages/runtime/pipeline/ports.ts'
import type { MessagesQuery } from './query.ts'

/** Row of a list of messages. Long texts are truncated. */
export interface MessageRow {
  readonly partition: number
  readonly offset: number
  /** Append time of the record. */
  readonly recordTime: string
  /** Event time, unchanged from the producer. */
  readonly eventTime: string | null
  readonly key: string | null
  /** Type of the event; null if the record is not an event. */
  readonly type: string | null
  /** Event type without the prefix that all types of Sluice share. */
  readonly shortType: string | null
  readonly entity: string | null
  /** Reason why the record is not an event. */
  readonly failure: string | null
  readonly summary: string
  /** Approximate size in Kafka, in bytes. */
  readonly bytes: number
}

const MAX_KEY_LENGTH = 80
const MAX_TYPE_LENGTH = 120
const MAX_SUMMARY_LENGTH = 240

function messageRow(view: RecordView, bytes: number): MessageRow {
  const { partition, offset, recordTime, eventTime, event, failure } = view
  const entity = event && String(event.subject ?? event.source)
  return {
    partition,
    offset,
    recordTime,
    eventTime,
    key: keyText(view.key),
    type: event && cut(String(event.type), MAX_TYPE_LENGTH),
    shortType: event && cut(shortType(String(event.type)), MAX_TYPE_LENGTH),
    entity: entity && cut(entity, MAX_KEY_LENGTH),
    failure: failure?.code ?? null,
    summary: cut(recordSummary(view), MAX_SUMMARY_LENGTH),
    bytes,
  }
}

/** Selects the records to show. It hides and counts records that are only for functions, such as ticks. */
export class RecordFilter {
  hidden = 0
  readonly #reader: DataReader
  readonly #fits: ((text: string) => boolean) | undefined
  readonly #withTicks: boolean

  constructor({ text, ticks }: Pick<MessagesQuery, 'text' | 'ticks'>, reader: DataReader) {
    this.#reader = reader
    this.#fits = text === undefined ? undefined : textFilter(text)
    this.#withTicks = ticks !== undefined
  }

  /** Returns the row of a record; undefined if the record does not match. The text is searched before the record is decoded. */
  async view(record: LogRecord): Promise<RecordView | undefined> {
    if (this.#fits && !this.#fits(recordText(record))) return undefined
    const view = recordView(record, await plainEvent(record, this.#reader))
    if (this.#withTicks || !FOR_FUNCTIONS.includes(view.event?.type)) return view
    this.hidden++
    return undefined
  }

  async row(record: LogRecord): Promise<MessageRow | undefined> {
    const view = await this.view(record)
    return view && messageRow(view, record.oversizeBytes ?? sizeOf(record))
  }
}

function keyText(key: RecordView['key']): string | null {
  if (key === null) return null
  return cut('text' in key ? key.text : `base64:${key.base64}`, MAX_KEY_LENGTH)
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}
