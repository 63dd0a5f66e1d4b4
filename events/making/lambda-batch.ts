/** Records in the form in which Lambda hands them to a function. */
import type { OutgoingRecord, RecordHeader } from '../../lib/cloudevents/record.ts'
import { topicName } from '../../lib/domain/topics.ts'

/** A record as it came into the log. */
export interface Captured extends Pick<OutgoingRecord, 'key' | 'value' | 'headers'> {
  readonly partition: number
  /** RFC 3339: when the broker appended it. */
  readonly appendedAt: string
}

/**
 * The batch that holds the records, each partition's offsets counted from 0, in an environment of its own: run against a
 * live stack, or one after another, its offsets must not be taken for those of another log, whose partitions would then
 * count as decided further than they are.
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
      // Lambda leaves out what is null.
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

/** Java's bytes: from 128 on they are negative. */
function signed([name, bytes]: RecordHeader): Record<string, number[]> {
  return { [name]: [...new Int8Array(bytes)] }
}
