/** Searches a record for a text. Pure. */
import { isUtf8 } from 'node:buffer'
import { bufferOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'

/**
 * Returns whether the key, the value or a header contains the text, ignoring case. Data in a binary format such as Avro is not
 * decoded for the search.
 *
 * @param text text in lower case
 */
export function holdsText({ key, value, headers }: LogRecord, text: string): boolean {
  if (holds(key, text) || holds(value, text)) return true
  return headers.some(([name, bytes]) => name.toLowerCase().includes(text) || holds(bufferOf(bytes), text))
}

function holds(bytes: Buffer | null, text: string): boolean {
  if (bytes === null) return false
  return bytes
    .toString(isUtf8(bytes) ? 'utf8' : 'latin1')
    .toLowerCase()
    .includes(text)
}
