/**
 * Reads the outcomes of a consumer's records from its counters. The counters are exact, because they are committed together with
 * the state.
 */
import type { StateInspection } from '#runtime/operating/states'
import type { ParkedOutcome, RecordOutcome, StateKey } from '#runtime/pipeline'

/**
 * Number of records by outcome, since the partition states were created. Each record counts once. A parked record counts under its
 * final outcome.
 */
export interface Outcomes extends Readonly<Record<RecordOutcome, number>> {
  /** Number of records by `outcome/reason`, and number of fired timers by `timer/reason`. */
  readonly reasons: Readonly<Record<string, number>>
  /** Number of emissions whose publication has not been confirmed yet. */
  readonly outbox: number
  /** Number of offsets up to the applied ones. */
  readonly position: number
  /**
   * Append time of the last decided record, in the partition that is most behind, in milliseconds since the epoch; undefined if none has
   * decided a record.
   */
  readonly decidedMs: number | undefined
}

/**
 * Returns the sums of the counters in partition states.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function readOutcomes(
  inspection: Pick<StateInspection, 'summary'>,
  partitions: readonly StateKey[],
): Promise<Outcomes> {
  const summaries = await Promise.all(partitions.map(partition => inspection.summary(partition)))
  const reasons = sumReasons(summaries.map(({ tally }) => tally))
  const outcomes = { applied: 0, duplicate: 0, ignored: 0, failed: 0, parked: 0 }
  for (const [name, count] of Object.entries(reasons)) {
    const outcome = getOutcome(name)
    const became = BECAME[outcome as ParkedOutcome]
    if (Object.hasOwn(outcomes, outcome)) outcomes[outcome as RecordOutcome] += count
    if (!became) continue
    outcomes[became] += count
    outcomes.parked -= count
  }
  const outbox = summaries.reduce((sum, { outbox }) => sum + outbox, 0)
  const position = summaries.reduce((sum, { appliedOffset }) => sum + appliedOffset + 1, 0)
  const decided = summaries.flatMap(({ clock }) => clock.lastAppendMs ?? [])
  const decidedMs = decided.length > 0 ? Math.min(...decided) : undefined
  return { ...outcomes, reasons, outbox, position, decidedMs }
}

/** Applied records that contain no event of a producer: erasures of earlier versions, and ends of retries. They count as ignored. */
const WITHOUT_EVENT = ['applied/erased', 'applied/nothing-to-erase', 'applied/failure-ended']

/** Returns the outcome of a counter. @param name `outcome/reason` */
export function getOutcome(name: string): string {
  return WITHOUT_EVENT.includes(name) ? 'ignored' : name.slice(0, name.indexOf('/'))
}

/** Final outcome of a parked record. Earlier versions erased parked records, which count as ignored. */
const BECAME: Readonly<Record<ParkedOutcome | 'parked-erased', RecordOutcome>> = {
  'parked-applied': 'applied',
  'parked-ignored': 'ignored',
  'parked-failed': 'failed',
  'parked-erased': 'ignored',
}

/**
 * Returns the number of entities that are currently held, and of events that are parked. Pure.
 *
 * @param tally counters by name
 */
export function countHeld(tally: Readonly<Record<string, number>>): { held: number; parked: number } {
  const sum = (outcome: string) =>
    Object.entries(tally).reduce(
      (all, [name, count]) => all + (name.startsWith(`${outcome}/`) ? count : 0),
      0,
    )
  const decided = Object.keys(BECAME).map(sum)
  return {
    held: sum('held') - sum('released'),
    parked: sum('parked') - decided.reduce((all, count) => all + count, 0),
  }
}

/** Sums the counters of several partitions by name. Pure. */
export function sumReasons(
  counters: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const [name, count] of counters.flatMap(counter => Object.entries(counter)))
    sums[name] = (sums[name] ?? 0) + count
  return sums
}
