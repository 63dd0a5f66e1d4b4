/** Reports a chunk to the observer after its commit. */
import type { LogRecord } from '../../cloudevents/record.ts'
import { computePartition } from '../../consumer/murmur2.ts'
import { type Consumer, hasTimers } from '../consumer.ts'
import type { ApplyResult } from '../deciding/apply.ts'
import type { Decoded } from '../decoding/decode.ts'
import { isAlarming } from '../model/failure-memory.ts'
import type { StateKey } from '../model/partition-state.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Observer } from '../ports.ts'

interface CommittedChunk {
  readonly snapshot: Snapshot
  /** Records that could be decided. The commit may contain only the first of them. */
  readonly loaded: readonly Decoded[]
  readonly applied: ApplyResult
}

export function report(
  observer: Observer,
  stateKey: StateKey,
  consumer: Consumer,
  { snapshot: { failureMemory, partitioning }, loaded, applied }: CommittedChunk,
): void {
  const { decisions, change, clockGap, unreadableContext } = applied
  observer.reportDecisions(stateKey, decisions)
  const decidedRecords = loaded
    .map(({ record }) => record)
    .filter(({ offset }) => offset <= change.appliedOffset)
  const partitions = (partitioning ?? consumer.application.topicNamed(stateKey.topic))?.partitions
  const misrouted = decidedRecords.filter(record => isMisrouted(record, stateKey, partitions))
  if (misrouted[0]) observer.reportMisrouted(stateKey, misrouted[0].offset, misrouted.length)
  if (unreadableContext !== undefined) observer.reportContextUnreadable(stateKey, unreadableContext)
  // Without timers, a consumer does not need ticks in its log, so clock gaps are normal.
  if (hasTimers(consumer))
    for (const { beforeOffset, ms } of clockGap) observer.reportClockGap(stateKey, beforeOffset, ms)
  if (isAlarming(failureMemory, consumer.failureBytes))
    observer.reportFailureMemory(stateKey, failureMemory, consumer.failureBytes)
}

/**
 * Returns true if Kafka's default partitioner would have put the record into another partition. The state of its entity may be in
 * that partition.
 */
function isMisrouted(
  { key, decodedByLambda }: LogRecord,
  { partition }: StateKey,
  partitions: number | undefined,
): boolean {
  if (partitions === undefined || key === null || decodedByLambda?.key) return false
  return computePartition(key, partitions) !== partition
}
