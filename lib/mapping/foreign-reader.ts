/** Converts foreign records to readings, using the first mapping that matches. Pure. */

import { extractTraceFromHeaders, readJsonObject, toJsonEvent } from '#runtime/cloudevents/index.ts'
import type { Event, Failure, ForeignRecord } from '#runtime/consumer/index.ts'
import { applyMapping, type ForeignDocument, isApplicable } from './apply-mapping.ts'
import type { Mapping } from './mapping.ts'

/** Returns the reading in a document, or the reason why it cannot be converted. Returns undefined if no mapping matches. */
function applyFirstMapping(
  mappings: readonly Mapping[],
  document: ForeignDocument,
): Event | Failure | undefined {
  const mapping = mappings.find(one => isApplicable(one, document))
  return mapping && applyMapping(mapping, document)
}

/**
 * Returns a reader for `Application.readForeign`. The reader converts JSON objects that are not CloudEvents, and CloudEvents whose
 * type occurs in a mapping. It returns undefined for all other records, which are left unchanged.
 */
export function foreignReader(mappings: readonly Mapping[]) {
  const types = new Set(mappings.flatMap(({ eventType }) => eventType ?? []))
  return (record: ForeignRecord, event?: Event): Event | Failure | undefined => {
    if (event !== undefined)
      return types.has(event.type)
        ? applyFirstMapping(mappings, eventDocument(event, getPosition(record)))
        : undefined
    const { value } = record
    if (value === null) return undefined
    const document = readJsonObject(value)
    if (document === undefined) return undefined
    if ('kind' in document) return document
    return applyFirstMapping(mappings, {
      document: document.object,
      position: getPosition(record),
      extensions: extractTraceFromHeaders(record.headers),
    })
  }
}

/** Converts a CloudEvent to the form to which mappings are applied. */
export function eventDocument(event: Event, position: ForeignDocument['position']): ForeignDocument {
  return {
    document: toJsonEvent(event),
    position,
    isEvent: true,
    extensions: event.extensions ?? {},
  }
}

function getPosition({ topic, partition, offset }: ForeignRecord): ForeignDocument['position'] {
  return [topic, partition, offset]
}
