/**
 * Reads messages in an SQS queue about records that Lambda has discarded. A message contains the records, or refers to an S3 object
 * that contains them. Pure.
 */
import { isObject } from '../../support/json.ts'
import { type Discarded, NotDiscarded, parseText, readDiscarded } from './discarded-batch.ts'

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
 * Reads the body of a queue message. Three forms are supported: Lambda's own message, an SNS notification that contains it, and an
 * S3 notification.
 *
 * @throws NotDiscarded for any other message
 */
export function readNotice(body: string): Notice {
  const content = parseText(body, 'the message')
  if (!isObject(content)) throw new NotDiscarded('the message is not an object')
  // SNS wraps each message in a notification, unless the subscription uses raw message delivery.
  if (content.Type === 'Notification' && typeof content.Message === 'string')
    return readNotice(content.Message)
  if (content.Event === 's3:TestEvent') return { kind: 'objects', objects: [] }
  if (Array.isArray(content.Records)) return { kind: 'objects', objects: readObjects(content) }
  return { kind: 'discarded', discarded: readDiscarded(content) }
}

/**
 * Reads the text of an S3 object that Lambda has written.
 *
 * @throws NotDiscarded if the text does not describe discarded records
 */
export function readObject(text: string): Discarded {
  return readDiscarded(parseText(text, 'the message'))
}

/**
 * Returns the objects to which an S3 notification refers.
 *
 * @throws NotDiscarded if the message is not an S3 notification
 */
function readObjects({ Records }: Json): readonly ObjectPlace[] {
  if (!Array.isArray(Records)) throw new NotDiscarded('the event has no Records')
  return Records.map((record: unknown) => {
    const { bucket, object } = part(record, 's3')
    const { name } = isObject(bucket) ? bucket : {}
    const { key } = isObject(object) ? object : {}
    if (typeof name !== 'string' || typeof key !== 'string')
      throw new NotDiscarded('a record of the event names no object')
    return { bucket: name, key: decodeObjectKey(key) }
  })
}

/** Decodes an object key. S3 encodes keys like form data, so a plus sign means a space. */
function decodeObjectKey(key: string): string {
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
