/** Records of the retry topics. */

import { type ContentMode, writeEvent } from '#runtime/cloudevents'
import type { FailureData, SourceRecord } from '#runtime/consumer'
import { RETRY_TYPE } from '../../lib/failures/event-types.ts'
import { base64, FAILURE } from './dead-letters.ts'
import { NAMES } from './families.ts'

export const FAILED: FailureData = {
  ...FAILURE,
  originalTopic: NAMES.topicName('readings', 'test'),
  originalValue: Buffer.from([0xff, 0x00, 0xfe]).toString('base64'),
  originalHeaders: [
    { name: 'twice', value: base64('a') },
    { name: 'other', value: '' },
    { name: 'twice', value: Buffer.from([0xfe]).toString('base64') },
  ],
  error: 'threw',
  errorType: 'unexpected-error',
}

/** Returns the data of a retry event, in the form that the dlq-router writes. */
export function retryData(changes: Partial<FailureData> = {}): object {
  return { ...FAILED, ...changes, class: 'unexpected', routedBecause: 'a bug can be fixed' }
}

/** Returns the content that the dlq-router writes to a retry topic. */
export function retryContent(data: unknown, mode: ContentMode = 'binary') {
  const event = { id: 'r1', source: '/consumers/dlq-router', type: RETRY_TYPE, data }
  return writeEvent({ ...event, datacontenttype: 'application/json' }, mode)
}

/** Returns a record in the topic retry-1m of the environment `test`. */
export function waitingRecord(
  changes: Partial<FailureData> = {},
  timestampMs = 0,
  mode: ContentMode = 'binary',
): SourceRecord {
  const place = { topic: NAMES.topicName('retry-1m', 'test'), partition: 1, offset: 7, timestampMs }
  const { value, headers } = retryContent(retryData(changes), mode)
  return { ...place, key: Buffer.from('roof-1'), value, headers }
}
