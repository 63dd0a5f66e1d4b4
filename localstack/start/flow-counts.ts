/** Counts the flow since the start from counters of servers, which lose their counts with their data. Pure. */

import type { Outcomes } from '../../lib/queries/states/outcomes.ts'

/** Number of readings that the processor has applied, and of failures of all consumers. */
export type FlowCounts = Pick<Outcomes, 'applied' | 'failed'>

/** Returns counts with what their counters have gained since they were last read. A counter that has fallen was lost, and counts from then on. */
export function addIncrease(counts: FlowCounts, last: FlowCounts, now: FlowCounts): FlowCounts {
  return {
    applied: counts.applied + Math.max(0, now.applied - last.applied),
    failed: counts.failed + Math.max(0, now.failed - last.failed),
  }
}
