/** Text of a record, in which a text filter searches. Pure. */
import { isUtf8 } from 'node:buffer'
import { toBuffer } from '#runtime/cloudevents/header-bytes.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'

/** Returns the text of a record, for a text filter: key, value and headers. Data in a binary format such as Avro is not decoded. */
export function toRecordText({ key, value, headers }: LogRecord): string {
  return [key, value, ...headers.flatMap(([name, bytes]) => [name, toBuffer(bytes)])].map(toText).join(' ')
}

function toText(part: Buffer | string | null): string {
  if (part === null) return ''
  return typeof part === 'string' ? part : part.toString(isUtf8(part) ? 'utf8' : 'latin1')
}
