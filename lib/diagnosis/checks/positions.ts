/**
 * Whether a group's committed offsets and the applied offsets of its state agree. A consumer commits an offset to Kafka only after its
 * effects are in the state, so the state is never behind the group, and ahead of it by what is under way. Pure.
 */
import type { ConsumerFacts, PartitionProgress } from '../facts.ts'
import { about, type Finding } from '../finding.ts'

/** More than the one under way: markers of transactions, and records that a filter leaves out, have offsets as well. */
const BATCHES_AHEAD = 2
const RECOVERY = 'docs/guarantees.md says how a state is restored.'

export function positionFindings(
  subject: string,
  { batchSize, group }: ConsumerFacts,
  partitions: readonly PartitionProgress[],
): Finding[] {
  const commits = about('consumers', 'commits', subject)
  const idempotent = about('consumers', 'idempotent', subject)
  if (partitions.some(({ applied }) => applied === null)) {
    const why = 'Redis does not tell the applied offsets'
    return [commits.unknown(why), idempotent.unknown(why)]
  }
  const known = partitions.map(one => ({ ...one, applied: one.applied ?? -1 }))
  if (known.every(({ applied, committedAfter }) => applied < 0 && committedAfter < 0)) {
    const says = 'nothing was consumed yet'
    return [commits.ok(says), idempotent.ok(says)]
  }
  return [commitsFinding(commits, group, known, batchSize), idempotenceFinding(idempotent, known)]
}

interface Known extends PartitionProgress {
  readonly applied: number
}

function commitsFinding(
  { ok, wrong }: ReturnType<typeof about>,
  group: string,
  partitions: readonly Known[],
  batchSize: number,
): Finding {
  const other = partitions.filter(({ applied, end }) => applied >= end)
  if (other.length > 0)
    return wrong(
      `its state has applied offset ${named(other, one => one.applied)}, and the log ends before it: it is another log`,
      'Was the topic made anew? `sluice state drop` lets the consumer read it from its start.',
    )
  const behind = partitions.filter(isBehind)
  if (behind.length > 0)
    return wrong(
      `its state is behind its group: ${named(behind, missing)}`,
      `The next batch reads these records from Kafka and applies them, where they are still kept. Did Redis lose writes, or was the offset of ${group} moved? ${RECOVERY}`,
    )
  const ahead = partitions.filter(
    one => one.applied + 1 - Math.max(one.start, one.committedAfter) > BATCHES_AHEAD * batchSize,
  )
  if (ahead.length > 0)
    return wrong(
      `its state is ahead of its group by more than ${BATCHES_AHEAD} batches of ${batchSize}: ${named(ahead, repeated)}`,
      `They are delivered again and dropped as duplicates, so nothing is applied twice. Was the offset of ${group} set back, or can it not commit? \`sluice groups lag ${group}\` shows the offsets.`,
    )
  return ok('offsets are committed after their effects, and agree with the state')
}

/** What is committed lies beyond what was applied, and is still in the log. */
function isBehind({ applied, committedBefore, start }: Known): boolean {
  return committedBefore > Math.max(start, applied + 1)
}

function missing({ applied, committedBefore, start }: Known): string {
  const from = Math.max(start, applied + 1)
  return `offsets ${from} to ${committedBefore - 1} are committed and not applied`
}

function repeated({ applied, committedAfter, start }: Known): string {
  return `${applied + 1 - Math.max(start, committedAfter)} applied offsets are not committed`
}

function named(partitions: readonly Known[], says: (one: Known) => string | number): string {
  const [first] = partitions
  const more = partitions.length > 1 ? `, and ${partitions.length - 1} more partitions` : ''
  return first ? `${says(first)} (partition ${first.partition})${more}` : ''
}

/** Repeats are known by the applied offset, so each partition that was consumed must have one. */
function idempotenceFinding({ ok, wrong }: ReturnType<typeof about>, partitions: readonly Known[]): Finding {
  const without = partitions.filter(
    ({ applied, committedBefore, start }) => applied < 0 && committedBefore > start,
  )
  if (without.length > 0)
    return wrong(
      `${without.length} of ${partitions.length} partitions were consumed and have no state: a repeat is not known there`,
      `Did Redis lose everything, or does REDIS_URL name another server? ${RECOVERY}`,
    )
  return ok('a record that comes again is known by the applied offset')
}
