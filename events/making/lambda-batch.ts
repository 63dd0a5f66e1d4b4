/** Converts records to the format in which Lambda passes them to functions. */

import { topicName } from '../../lib/app/topics.ts'
import type { OutgoingRecord, RecordHeader } from '../../packages/runtime/cloudevents/record.ts'

/** A record with the partition and time of its append to the log. */
export interface Captured extends Pick<OutgoingRecord, 'key' | 'value' | 'headers'> {
  readonly partition: number
  /** Append time of the broker, RFC 3339. */
  readonly appendedAt: string
}

/**
 * Returns a batch with these records. The offsets of each partition start at 0. Each batch has its own environment, so that batches can be
 * run
 * on a live stack or one after another: the offsets of one log must not advance the applied offset of another.
 *
 * @param name last part of the environment's name
 */
export function lambdaBatch(name: string, captured: readonly Captured[]) {
  const topic = topicName('readings', `recorded-${name}`)
  const records: Record<string, object[]> = {}
  for (const { partition, appendedAt, key, value, headers } of captured) {
    const place = `${topic}-${partition}`
    records[place] ??= []
    records[place].push({
      topic,
      partition,
      offset: records[place].length,
      timestamp: Date.parse(appendedAt),
      timestampType: 'LOG_APPEND_TIME',
      // Lambda omits null values.
      ...(key === null ? {} : { key: key.toString('base64') }),
      ...(value === null ? {} : { value: value.toString('base64') }),
      headers: headers.map(signed),
    })
  }
  return {
    eventSource: 'aws:kafka',
    eventSourceArn:
      'arn:aws:kafka:eu-central-1:000000000000:cluster/recorded/00000000-0000-0000-0000-000000000000-1',
    bootstrapServers: '127.0.0.1:9092',
    records,
  }
}

/** Encodes bytes as in Java, where values of 128 and above are negative. */
function signed([name, bytes]: RecordHeader): Record<string, number[]> {
  return { [name]: [...new Int8Array(bytes)] }
}
