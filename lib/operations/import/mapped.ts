/** Converts one line of JSON to one event, by a mapping. Pure. */

import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { isInexact, parseExact } from '../../../packages/runtime/cloudevents/exact-json.ts'
import { readJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { Failure } from '../../../packages/runtime/consumer/failure-codes.ts'
import { schemaViolation } from '../../app/schemas.ts'
import type { ForeignDocument } from '../../mapping/apply.ts'
import { eventDocument, mappedByFirst } from '../../mapping/foreign.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import type { Line } from '../replay/lines.ts'
import { readersFault } from './reading.ts'
import type { BrokenRow } from './rows.ts'

/**
 * Returns the event of a line. If the mapping identifies a record by its position, the position consists of
 * file name, line and content, because a file may contain equal records.
 *
 * @param file name of the file without its folders
 */
export function eventOfLine(
  mappings: readonly Mapping[],
  file: string,
  { number: line, text, failure }: Line,
): Event | BrokenRow {
  if (text === undefined) return { line, error: failure ?? 'the text is not UTF-8' }
  const document = documentIn(text, ['import', file, line, text.trim()])
  if ('error' in document) return { line, ...document }
  if ('code' in document) return broken(line, document)
  const event = mappedByFirst(mappings, document)
  if (event === undefined) {
    const names = mappings.map(({ name }) => name).join(', ')
    return { line, error: `no mapping matches: its fields do not meet the "when" of ${names}` }
  }
  if (isFailure(event)) return broken(line, event)
  const error = schemaViolation(event.type, event.data) ?? readersFault(event)
  return error === undefined ? event : { line, error }
}

function broken(line: number, { code, message }: Failure): BrokenRow {
  return { line, error: `${code}: ${message}` }
}

function documentIn(
  text: string,
  position: ForeignDocument['position'],
): ForeignDocument | Failure | { readonly error: string } {
  try {
    const document = parseExact(text)
    if (typeof document !== 'object' || document === null || Array.isArray(document))
      return { error: 'it is not a JSON object' }
    if (!Object.hasOwn(document, 'specversion')) return { document, position }
    const event = readJsonEvent(document)
    return isFailure(event) ? event : eventDocument(event, position)
  } catch (error) {
    if (isInexact(error)) return { error: error.message }
    if (error instanceof SyntaxError) return { error: 'it is not JSON' }
    throw error
  }
}
