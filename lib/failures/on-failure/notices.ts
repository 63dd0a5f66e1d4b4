/**
 * Messages of a queue for records that Lambda has given up: the record itself, or the notification of an object with it. Pure.
 */
import { isObject } from '../../json.ts'
import { type Discarded, NotDiscarded, readDiscarded } from './discarded.ts'

/** An object in S3. */
export interface ObjectPlace {
  readonly bucket: string
  readonly key: string
}

export type Notice =
  | { readonly kind: 'discarded'; readonly discarded: Discarded }
  /** Empty for the message that S3 sends when a bucket is connected. */
  | { readonly kind: 'objects'; readonly objects: readonly ObjectPlace[] }

type Json = Readonly<Record<string, unknown>>

/**
 * Reads the body of a message: Lambda's own form, a notification of SNS around it, or one of S3.
 *
 * @throws NotDiscarded for any other message
 */
export function readNotice(body: string): Notice {
  const content = parsed(body)
  if (!isObject(content)) throw new NotDiscarded('the message is not an object')
  // SNS wraps what it delivers, unless the subscription has raw delivery.
  if (content.Type === 'Notification' && typeof content.Message === 'string')
    return readNotice(content.Message)
  if (content.Event === 's3:TestEvent') return { kind: 'objects', objects: [] }
  if (Array.isArray(content.Records)) return { kind: 'objects', objects: objectsIn(content) }
  return { kind: 'discarded', discarded: readDiscarded(content) }
}

/** The text of an object that Lambda has written. @throws NotDiscarded */
export function readObject(text: string): Discarded {
  return readDiscarded(parsed(text))
}

/** The objects that an event of S3 names. @throws NotDiscarded if it is not one */
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

/** S3 writes keys as forms do: a space is a plus sign. */
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
