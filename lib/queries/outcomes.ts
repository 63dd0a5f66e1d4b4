/** How the records of a consumer ended: the counters that it commits together with its state, so they are exact. */
import type { StateInspection } from '../runtime/adapters/redis/inspection.ts'
import type { RecordOutcome, StateKey } from '../runtime/pipeline/model.ts'

/** Records by how they ended, since the partition states exist. */
export interface Outcomes extends Readonly<Record<RecordOutcome, number>> {
  /** By `outcome/reason`; with `timer/reason` for timers that fired. */
  readonly reasons: Readonly<Record<string, number>>
  /** Emitted, and not yet known to be published. */
  readonly outbox: number
}

/**
 * The counters of partition states together.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function outcomesOf(
  inspection: Pick<StateInspection, 'summary'>,
  partitions: readonly StateKey[],
): Promise<Outcomes> {
  const summaries = await Promise.all(partitions.map(partition => inspection.summary(partition)))
  const reasons = sumOfReasons(summaries.map(({ tally }) => tally))
  const outcomes = { applied: 0, duplicate: 0, ignored: 0, failed: 0 }
  for (const [name, count] of Object.entries(reasons)) {
    const outcome = name.slice(0, name.indexOf('/'))
    if (Object.hasOwn(outcomes, outcome)) outcomes[outcome as RecordOutcome] += count
  }
  return { ...outcomes, reasons, outbox: summaries.reduce((sum, { outbox }) => sum + outbox, 0) }
}

/** Counters by name, of several partitions together. Pure. */
export function sumOfReasons(
  counters: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const [name, count] of counters.flatMap(one => Object.entries(one)))
    sums[name] = (sums[name] ?? 0) + count
  return sums
}
