/**
 * Compares the committed offsets of a consumer group with the applied offsets of its state. A consumer commits an offset to Kafka
 * only after the effects of the record are in the state. The state is therefore never behind the group, and is ahead of it by at
 * most the current batch. Pure.
 */
import type { PartitionProgress, SeenConsumer } from '../facts.ts'
import { type Judgement, unknown, wrong } from '../finding.ts'

/**
 * Maximum number of batches by which the state may be ahead. It is more than one, because transaction markers and filtered records
 * also have offsets.
 */
const BATCHES_AHEAD = 2
const RECOVERY = 'See docs/guarantees.md for restoring a state.'

interface KnownProgress extends PartitionProgress {
  readonly applied: number
}

/** Returns the progress of the partitions, or a finding if the state of a partition is unknown or empty. */
function resolveProgress({ partitions }: SeenConsumer): readonly KnownProgress[] | Judgement | string {
  if (partitions.some(({ applied }) => applied === null))
    return unknown('Redis does not report the applied offsets')
  const progress = partitions.map(partition => ({ ...partition, applied: partition.applied ?? -1 }))
  return progress.every(({ applied, committedAfter }) => applied < 0 && committedAfter < 0)
    ? 'nothing was consumed yet'
    : progress
}

export function checkCommits(consumer: SeenConsumer): Judgement | string {
  const { group, batchSize } = consumer
  const progress = resolveProgress(consumer)
  if (!Array.isArray(progress)) return progress as Judgement | string
  const partitions: readonly KnownProgress[] = progress
  const other = partitions.filter(({ applied, end }) => applied >= end)
  if (other.length > 0 && consumer.isInput)
    return unknown(
      'its state ends behind the end of the log, so the topic has been created again, or has lost records',
      'Nothing is to be done for a new topic: the next batch reads it from its start, as the log of the function says.',
    )
  if (other.length > 0)
    return wrong(
      `its state has applied offset ${formatPartitions(other, progress => progress.applied)}, and the log ends before it: it is another log`,
      'If the topic was recreated, run `sluice state drop`: the consumer then reads the topic from its start.',
    )
  // In these partitions, offsets are committed but not applied, and their records are still in the log.
  const unfinished = partitions.reduce(
    (sum, partition) => sum + Math.max(0, partition.committedBefore - computeFirstMissing(partition)),
    0,
  )
  if (consumer.writesSegments) return `${unfinished} records wait in the log for the end of their segment`
  const behind = partitions.filter(partition => partition.committedBefore > computeFirstMissing(partition))
  if (behind.length > 0)
    return wrong(
      `its state is behind its group: ${formatPartitions(behind, progress => `offsets ${computeFirstMissing(progress)} to ${progress.committedBefore - 1} are committed and not applied`)}`,
      `The next batch reads these records from Kafka and applies them, unless they have expired. Check whether Redis has lost writes, or the offsets of ${group} were changed. ${RECOVERY}`,
    )
  const ahead = partitions.filter(partition => countRepeated(partition) > BATCHES_AHEAD * batchSize)
  if (ahead.length > 0)
    return wrong(
      `its state is ahead of its group by more than ${BATCHES_AHEAD} batches of ${batchSize}: ${formatPartitions(ahead, progress => `${countRepeated(progress)} applied offsets are not committed`)}`,
      `They are delivered again and dropped as duplicates, so nothing is applied twice. Check whether the offsets of ${group} were reset, and that it can commit. \`sluice groups lag ${group}\` shows the offsets.`,
    )
  return 'offsets are committed after their effects, and agree with the state'
}

function computeFirstMissing({ applied, start }: KnownProgress): number {
  return Math.max(start, applied + 1)
}

function countRepeated({ applied, committedAfter, start }: KnownProgress): number {
  return applied + 1 - Math.max(start, committedAfter)
}

function formatPartitions(
  partitions: readonly KnownProgress[],
  says: (progress: KnownProgress) => string | number,
): string {
  const [first] = partitions
  const more = partitions.length > 1 ? `, and ${partitions.length - 1} more partitions` : ''
  return first ? `${says(first)} (partition ${first.partition})${more}` : ''
}
