/** Tries records as the function `intake` reads them: with its own step, from the record to the event or to the reason. Pure. */
import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import { type Event, type Failure, type ForeignRecord, instant } from '#runtime/consumer'
import { type DataReader, decode } from '#runtime/pipeline'
import { createApplication } from '../../../lib/app/application.ts'
import { intake } from '../../../lib/intake/intake.ts'
import {
  type ForeignContent,
  type InputReading,
  type LoadedInput,
  parseValue,
  readInputRecord,
} from '../../../lib/intake/read-record.ts'
import { type ForeignDocument, isApplicable } from '../../../lib/mapping/apply-mapping.ts'
import { eventDocument } from '../../../lib/mapping/map-document.ts'
import type { Config } from '../../environment/config.ts'
import { listUnusedFields } from './unused-fields.ts'

/** Record whose fields are looked at, or the reason why it has none. */
export type TriedRecord = ForeignDocument | Failure | UnreadableRecord

export interface UnreadableRecord {
  readonly error: string
}

/** Outcome of a record. */
export type Trial =
  | {
      readonly accepted: true
      /** Name of the mapping; null for an event that is passed on, or that the input's `as` describes. */
      readonly mapping: string | null
      /** Further mappings that accept the record. They are ignored, because only the first mapping is used. */
      readonly others: readonly string[]
      /** Fields that the mapping does not read. */
      readonly unused: readonly string[]
      readonly event: Event
      /** Event time or, without one, the timestamp of the record. */
      readonly time: string
    }
  | {
      readonly accepted: false
      readonly code: string
      readonly reason: string
      /** False if no mapping applies to the record, or if inputs ignore it: it is a record of another kind. */
      readonly failed: boolean
    }

/**
 * Returns the function that tries a record.
 *
 * @param nowMs clock of the consumer, which decides whether a time is in the future
 * @param reader reader of data that is not JSON; its schemas must be prepared
 */
export function createTrial(settings: Config, input: LoadedInput, nowMs: number, reader?: DataReader) {
  const { families, keyBy } = settings
  const tried: { content?: ForeignContent | undefined; reading?: InputReading | undefined } = {}
  const readForeign = (record: ForeignRecord, event?: Event) => {
    tried.reading = readInputRecord(families, input, record, event, tried.content)
    return tried.reading.outcome
  }
  const application = { ...createApplication(settings), readForeign }
  const process = intake(families, [input], keyBy)
  const consumer = { ...settings, application, process, ...(reader && { reader }) }
  /** @param content parts of the record that mappings can read; by default all of them */
  return (record: LogRecord | UnreadableRecord, content?: ForeignContent): Trial => {
    if ('error' in record) return refuse('unreadable', record.error, true)
    Object.assign(tried, { content, reading: undefined })
    const decoded = decode({ ...record, readAtMs: nowMs }, consumer)
    const { document, mapping } = tried.reading ?? {}
    const applicable = document
      ? input.loadedMappings.filter(candidate => isApplicable(candidate, document))
      : []
    if (decoded.kind === 'ignored') return refuse(decoded.reason, 'inputs ignore it', false)
    if (decoded.kind === 'failed') {
      const isOther = document !== undefined && input.as === undefined && applicable.length === 0
      const { code, message } = decoded.failure
      const advice = application.adviseOnFailure?.(decoded.failure, record.topic)
      return refuse(code, advice ? `${message}: ${advice}` : message, !isOther)
    }
    const { timeMs, writtenMs: _, entity: __, ...event } = decoded.event
    return {
      accepted: true,
      mapping: mapping?.name ?? null,
      others: mapping ? applicable.slice(applicable.indexOf(mapping) + 1).map(({ name }) => name) : [],
      unused: mapping && document ? listUnusedFields(mapping, [document]) : [],
      event,
      time: event.time ?? instant(timeMs),
    }
  }
}

function refuse(code: string, reason: string, failed: boolean): Trial {
  return { accepted: false, code, reason, failed }
}

/**
 * Returns a record as a document, or the reason why it has none.
 *
 * @param content parts of the record that mappings can read, and its position; by default all parts
 */
export function toDocument(record: LogRecord | UnreadableRecord, content?: ForeignContent): TriedRecord {
  if ('error' in record) return record
  const read = readEvent(record)
  const parsed = isFailure(read) && read.code === 'not-a-cloudevent' ? parseValue(record.value) : read
  if ('reason' in parsed) return { error: 'inputs ignore it' }
  if ('kind' in parsed) return parsed
  const own = content ?? { ...record, position: [record.topic, record.partition, record.offset] }
  return 'object' in parsed ? { ...own, document: parsed.object } : eventDocument(parsed, own)
}
