/**
 * Reads messages of a queue for records that Lambda has discarded. A message contains the records or names an
 * S3 object with them. Pure.
 */
import { isObject } from '../../json.ts'
import { type Discarded, NotDiscarded, readDiscarded } from './discarded.ts'

/** Location of an object in S3. */
export interface ObjectPlace {
  readonly bucket: string
  readonly key: string
}

export type Notice =
  | { readonly kind: 'discarded'; readonly discarded: Discarded }
  /** Objects in S3. The list is empty for the test message that S3 sends when notifications are configured. */
  | { readonly kind: 'objects'; readonly objects: readonly ObjectPlace[] }

type Json = Readonly<Record<string, unknown>>

/**
 * Reads the body of a message: Lambda's own form, an SNS notification that contains it, or an S3 notification.
 *
 * @throws NotDiscarded for any other message
 */
export function readNotice(body: string): Notice {
  const content = parsed(body)
  if (!isObject(content)) throw new NotDiscarded('the message is not an object')
  // SNS wraps the messages that it delivers, unless the subscription uses raw message delivery.
  if (content.Type === 'Notification' && typeof content.Message === 'string')
    return readNotice(content.Message)
  if (content.Event === 's3:TestEvent') return { kind: 'objects', objects: [] }
  if (Array.isArray(content.Records)) return { kind: 'objects', objects: objectsIn(content) }
  return { kind: 'discarded', discarded: readDiscarded(content) }
}

/**
 * Reads the text of an object that Lambda has written.
 *
 * @throws NotDiscarded
 */
export function readObject(text: string): Discarded {
  return readDiscarded(parsed(text))
}

/**
 * Returns the objects that an S3 event names.
 *
 * @throws NotDiscarded if it is not an S3 event
 */
function objectsIn({ Records }: Json): readonly ObjectPlace[] {
  if (!Array.isArray(Records)) throw new NotDiscarded('the event has no Records')
  return Records.map((record: unknown) => {
    const { bucket, object } = part(record, 's3')
    const { name } = isObject(bucket) ? bucket : {}
    const { key } = isObject(object) ? object : {}
    if (typeof name !== 'string' || typeof key !== 'string')
      throw new NotDiscarded('a record of the event names no object')
    return { bucket: name, key: decoded(key) }
  })
}

/** Decodes an object key, which S3 encodes like a form: a space is a plus sign. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    throw new NotDiscarded('the key of an object is not encoded as S3 does')
  }
}

function part(value: unknown, key: string): Json {
  const found = isObject(value) ? value[key] : undefined
  return isObject(found) ? found : {}
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message would quote the text.
    throw new NotDiscarded('the message is not JSON')
  }
}
