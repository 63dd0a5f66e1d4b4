/** Reads a captured Lambda batch. Pure. */
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { type KafkaEvent, receive } from '../../../packages/runtime/pipeline/batch/receive.ts'
import { OperationFailure } from '../failure.ts'

/**
 * Returns the records in the order in which the log received them; records of one partition are ordered by
 * offset.
 *
 * @param name name of the input in messages
 * @throws OperationFailure if it is not a batch
 */
export function batchRecords(batch: unknown, name: string): readonly LogRecord[] {
  if (!isBatch(batch))
    throw new OperationFailure(
      `${name}: neither a stream of CloudEvents or records (one JSON document per line) nor a captured batch (JSON with "records")`,
    )
  const partitions = receive(batch)
  const records = partitions.flatMap(({ records }) => records)
  // Sorting is stable, and append times within a partition do not decrease.
  return records.toSorted((a, b) => a.timestampMs - b.timestampMs)
}

function isBatch(document: unknown): document is KafkaEvent {
  if (typeof document !== 'object' || document === null) return false
  const groups = Object.values((document as { records?: object }).records ?? {})
  return (
    groups.length > 0 &&
    groups.every(group => Array.isArray(group) && group.length > 0 && group.every(isRecord))
  )
}

function isRecord(record: unknown): boolean {
  const {
    topic,
    partition,
    offset,
    timestamp,
    key,
    value,
    headers = [],
  } = (record ?? {}) as Record<string, unknown>
  return (
    typeof topic === 'string' &&
    [partition, offset, timestamp].every(Number.isInteger) &&
    [key, value].every(bytes => bytes === undefined || bytes === null || typeof bytes === 'string') &&
    Array.isArray(headers) &&
    headers.every(header => Object.values(header ?? {}).every(Array.isArray))
  )
}
