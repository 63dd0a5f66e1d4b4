/** Records for the tests of the binding's rules. Each test there is named for its rule. */
import assert from 'node:assert/strict'
import { isFailure } from '../../../../cloudevents/event.ts'
import { readEvent } from '../../../../cloudevents/reader.ts'
import type { RecordHeader } from '../../../../cloudevents/record.ts'
import type { Event } from '../../../../consumer/event.ts'

export type Headers = readonly (readonly [string, string | Buffer])[]
type Result = ReturnType<typeof readEvent>

export const REQUIRED: Headers = [
  ['ce_specversion', '1.0'],
  ['ce_id', 'a-1'],
  ['ce_source', '/sensors/roof'],
  ['ce_type', 'com.example.reading'],
]
export const JSON_TYPE = ['content-type', 'application/json'] as const
export const EVENT = { specversion: '1.0', id: 'a-1', source: '/sensors/roof', type: 'com.example.reading' }

export function read(headers: Headers, value: string | Buffer | null = null): Result {
  return readEvent({
    headers: headers.map(([name, content]): RecordHeader => [name, Buffer.from(content as string)]),
    value: typeof value === 'string' ? Buffer.from(value) : value,
  })
}

export function structured(
  document: object | string,
  contentType = 'application/cloudevents+json; charset=UTF-8',
): Result {
  return read(
    [['content-type', contentType]],
    typeof document === 'string' ? document : JSON.stringify(document),
  )
}

export function accepted(result: Result): Event {
  assert.ok(!isFailure(result), `refused: ${isFailure(result) ? result.message : ''}`)
  return result
}

export function refused(result: Result, message: RegExp, code = 'malformed-event'): void {
  assert.ok(isFailure(result), 'was taken for an event')
  assert.equal(result.code, code)
  assert.match(result.message, message)
}

/** The required attributes, with one header in another's place or added. */
export function withHeader(name: string, value: string | Buffer): Headers {
  return [...REQUIRED.filter(([header]) => header !== name), [name, value]]
}

/** Both modes with this attribute: the same rules hold in both. */
export function bothWith(attribute: string, value: string): readonly Result[] {
  const header = attribute === 'datacontenttype' ? 'content-type' : `ce_${attribute}`
  return [read(withHeader(header, value)), structured({ ...EVENT, [attribute]: value })]
}
