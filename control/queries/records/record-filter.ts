/** What a display of records filters by: the text of a record, and its type. Pure. */
import { isUtf8 } from 'node:buffer'
import { type LogRecord, toBuffer } from '#runtime/cloudevents'
import { RULES_ACTIVATED_TYPE } from '../../../lib/alerting/index.ts'
import { TICK_TYPE } from '../../../lib/telemetry/index.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../../lib/views/index.ts'

/**
 * Event types that are only relevant to functions and occur in every partition of readings. They are hidden by default when a topic
 * is shown.
 */
export const FOR_FUNCTIONS: readonly unknown[] = [TICK_TYPE, RULES_ACTIVATED_TYPE, VIEWS_ACTIVATED_TYPE]

/** Returns the text of a record, for a text filter: key, value and headers. Data in a binary format such as Avro is not decoded. */
export function toRecordText({ key, value, headers }: LogRecord): string {
  return [key, value, ...headers.flatMap(([name, bytes]) => [name, toBuffer(bytes)])].map(toText).join(' ')
}

function toText(part: Buffer | string | null): string {
  if (part === null) return ''
  return typeof part === 'string' ? part : part.toString(isUtf8(part) ? 'utf8' : 'latin1')
}
