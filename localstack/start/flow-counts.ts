/** Counts the flow since the start from counters of servers, which lose their counts with their data. Pure. */

import type { Outcomes } from '../../lib/queries/states/outcomes.ts'

/** Number of readings that the processor has applied, and of failures of all consumers. */
export interface FlowCounts extends Pick<Outcomes, 'applied' | 'failed'> {
  /** Number of records up to the applied offsets; in the flow, the highest so far. */
  readonly position: number
}

/**
 * Returns counts with what their counters have gained since they were last read. A counter that has fallen was lost: records up to
 * the highest position are computed again, and do not count a second time.
 */
export function addIncrease(counts: FlowCounts, last: FlowCounts, now: FlowCounts): FlowCounts {
  const position = Math.max(counts.position, last.position, now.position)
  const isAgain = last.position < counts.position || now.applied < last.applied
  const most = isAgain ? position - counts.position : Number.POSITIVE_INFINITY
  return {
    applied: counts.applied + Math.min(most, Math.max(0, now.applied - last.applied)),
    failed: counts.failed + Math.max(0, now.failed - last.failed),
    position,
  }
}
