/** Batches of records as Lambda passes them to a function. */
import type { StateKey } from './count/partition-states.ts'
import type { KafkaLog } from './kafka/log.ts'
import type { KafkaRecord } from './kafka/records.ts'

const MOST = 100

/** Records of a partition between two offsets, at most a batch, and none from the first compressed one on. */
export async function recordsBetween(
  log: KafkaLog,
  { topic, partition }: StateKey,
  from: number,
  end: number,
): Promise<readonly KafkaRecord[]> {
  for await (const records of log.read(topic, partition, from, end)) {
    const compressed = records.findIndex(({ isCompressed }) => isCompressed)
    return records.slice(0, compressed < 0 ? MOST : Math.min(compressed, MOST))
  }
  return []
}

export function createEvent(batches: readonly (readonly [StateKey, readonly KafkaRecord[]])[]): object {
  const records = batches.map(([stateKey, records]) => [
    `${stateKey.topic}-${stateKey.partition}`,
    records.map(record => passedOn(stateKey, record)),
  ])
  return { eventSource: 'aws:kafka', records: Object.fromEntries(records) }
}

function passedOn(
  { consumer, topic }: StateKey,
  { partition, offset, timestampMs, key, value, headers }: KafkaRecord,
): object {
  return {
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    timestampType: consumer === 'intake' ? 'CREATE_TIME' : 'LOG_APPEND_TIME',
    key: key?.toString('base64'),
    value: value?.toString('base64'),
    headers: headers.map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
}
