/** Tries mappings on single records. The result is an event, or the reason why the record cannot be converted. Pure. */
import {
  isFailure,
  readJsonEvent,
  readJsonObject,
  readStructured,
  toJsonEvent,
} from '#runtime/cloudevents/index.ts'
import type { Event, Failure, FailureCode } from '#runtime/consumer/index.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { type ForeignDocument, isApplicable } from '../../mapping/apply-mapping.ts'
import { describeNoObject, eventDocument, mapDocument } from '../../mapping/map-document.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import type { Families } from '../../telemetry/families.ts'

/** Record to try, or the reason why the text is not a valid record. */
export type TriedRecord = ForeignDocument | Failure | { readonly error: string; readonly code?: 'tombstone' }

type TrialCode = FailureCode | 'unreadable' | 'cloudevent' | 'tombstone'

/** Codes for records that no mapping accepts. A consumer processes a CloudEvent without a mapping, and ignores a tombstone. */
export const UNTAKEN: ReadonlySet<TrialCode> = new Set([
  'not-a-cloudevent',
  'cloudevent',
  'tombstone',
] as const)

export type Trial =
  | {
      readonly accepted: true
      readonly mapping: string
      /** Further mappings that accept the record. They are ignored, because only the first mapping is used. */
      readonly others: readonly string[]
      readonly event: Event
    }
  | { readonly accepted: false; readonly code: TrialCode; readonly reason: string }

/** Converts a record with the first mapping that accepts it. */
export function tryRecord(families: Families, mappings: readonly Mapping[], record: TriedRecord): Trial {
  if ('error' in record) return createRefusal(record.code ?? 'unreadable', record.error)
  if ('kind' in record) return createRefusal(record.code, record.message)
  const applicable = mappings.filter(mapping => isApplicable(mapping, record))
  const mapped = mapDocument(mappings, record)
  if (mapped.kind === 'failure') {
    if (applicable.length > 0) return createRefusal(mapped.code, mapped.message)
    return createRefusal(record.isEvent ? 'cloudevent' : 'not-a-cloudevent', mapped.message)
  }
  const { mapping, event } = mapped
  const others = applicable.slice(applicable.indexOf(mapping) + 1)
  const violation = schemaViolation(families, event.type, event.data)
  if (violation !== undefined) return createRefusal('schema-violated', violation)
  const fault = findReaderFault(event)
  if (fault !== undefined) return createRefusal('malformed-event', fault)
  return { accepted: true, mapping: mapping.name, others: others.map(({ name }) => name), event }
}

/** Returns the reason for which consumers would reject the event, so that it does not become a dead letter. */
function findReaderFault(event: Event): string | undefined {
  const read = readJsonEvent(toJsonEvent(event))
  return isFailure(read) ? read.message : undefined
}

function createRefusal(code: TrialCode, reason: string): Trial {
  return { accepted: false, code, reason }
}

/** Parses the value of a single record. @param record parts of the record that mappings can read, and its position */
export function parseRecord(
  value: Buffer,
  record: Omit<ForeignDocument, 'document' | 'isEvent' | 'extensions'>,
): TriedRecord {
  const read = readJsonObject(value)
  if (read === undefined) return { error: `it ${describeNoObject(value)}` }
  if ('kind' in read) return read
  if (!Object.hasOwn(read.object, 'specversion')) return { ...record, document: read.object }
  const event = readStructured(value)
  return isFailure(event) ? event : eventDocument(event, record)
}
