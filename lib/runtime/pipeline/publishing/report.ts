/** Tells the observer about a chunk after its commit. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Application } from '../../consumer/application.ts'
import { partitionOf } from '../../consumer/murmur2.ts'
import { type Consumer, hasTimers } from '../consumer.ts'
import type { Applied } from '../deciding/apply.ts'
import type { Decoded } from '../decoding/decode.ts'
import { isAlarming } from '../failures/failure-memory.ts'
import type { Partitioning, Snapshot, StateKey } from '../model.ts'
import type { Observer } from '../ports.ts'

interface Committed {
  readonly snapshot: Snapshot
  /** The records to be decided. The commit may hold only the first of them. */
  readonly fresh: readonly Decoded[]
  readonly applied: Applied
}

export function report(
  observer: Observer,
  stateKey: StateKey,
  consumer: Consumer,
  { snapshot: { failureMemory, partitioning }, fresh, applied }: Committed,
): void {
  const { decisions, change, clockGap, unreadableContext } = applied
  observer.decided(stateKey, decisions)
  const decided = fresh.map(({ record }) => record).filter(({ offset }) => offset <= change.appliedOffset)
  const { topic, partition } = stateKey
  const misrouted = misroutedOf(consumer.application, topic, partition, partitioning, decided)
  if (misrouted[0]) observer.misrouted(stateKey, misrouted[0].offset, misrouted.length)
  if (unreadableContext !== undefined) observer.contextUnreadable(stateKey, unreadableContext)
  // Without timers, a log needs no ticks, so its clock may have gaps.
  if (hasTimers(consumer))
    for (const { beforeOffset, ms } of clockGap) observer.clockGap(stateKey, beforeOffset, ms)
  if (isAlarming(failureMemory, consumer.failureBytes))
    observer.failureMemory(stateKey, failureMemory, consumer.failureBytes)
}

/** Records that Kafka's default partitioner would not have put here: the state of their entity may be elsewhere. */
function misroutedOf(
  application: Application,
  topic: string,
  partition: number,
  grown: Partitioning | undefined,
  records: readonly LogRecord[],
): readonly LogRecord[] {
  const partitions = grown?.partitions ?? application.topicNamed(topic)?.partitions
  if (partitions === undefined) return []
  return records.filter(
    ({ key, decodedByLambda }) =>
      key !== null && !decodedByLambda?.key && partitionOf(key, partitions) !== partition,
  )
}
