/** Texts of `sluice reprocess`. Pure. */

import type { LivePartition } from '../../lib/operations/reprocess/plan.ts'
import type { SwitchedPartition } from '../../lib/operations/reprocess/reprocessing-store.ts'
import type { ReprocessProgress } from '../../lib/operations/reprocess/run.ts'
import type { Start } from '../../lib/operations/reprocess/start.ts'
import { count } from '../../lib/support/count.ts'
import { formatProgress } from '../../lib/support/progress-text.ts'

/** Returns the plan as text, with the start of each partition. */
export function formatPlan(live: readonly LivePartition[], starts: readonly Start[]): string {
  const lines = starts.map(({ partition, offset }) => {
    const facts = live.find(({ state }) => state.partition === partition)?.facts
    return `  partition ${partition}: from offset ${offset} to ${facts?.version.appliedOffset ?? '?'} and on`
  })
  return `${lines.join('\n')}\n`
}

/** Returns the progress: that of the records, and the number of partitions that are done. */
export function formatReprocessing(
  { decided, total, switched, partitions, beganMs }: ReprocessProgress,
  nowMs: number,
  isTrial: boolean,
): string {
  // The number of records grows while the live consumer continues.
  const records = { done: decided, total: Math.max(total, decided), elapsedMs: nowMs - beganMs }
  return `${formatProgress(records, 'records')}; ${switched} of ${partitions} partitions ${isTrial ? 'computed' : 'switched'}`
}

export function formatResult(partitions: readonly SwitchedPartition[], isTrial: boolean): string {
  const emitted = new Map<string, number>()
  for (const partition of partitions)
    for (const [type, count] of Object.entries(partition.emitted))
      emitted.set(type, (emitted.get(type) ?? 0) + count)
  const eventLines = [...emitted].sort().map(([type, count]) => `  ${type}  ${count}`)
  const [outcome, heading] = isTrial
    ? ['would be switched', 'Events of the switch:']
    : ['switched', 'Published by the switch']
  const all = `${partitions.length} ${partitions.length === 1 ? 'partition' : 'partitions'} ${outcome}.`
  const older = partitions.reduce((sum, partition) => sum + partition.older, 0)
  const left =
    older > 0
      ? [
          `${count(older, 'state')} with records older than the start ${isTrial ? 'would be' : 'were'} left as they are.`,
        ]
      : []
  return `${[all, ...left, eventLines.length > 0 ? `${heading}:` : `${heading} nothing.`, ...eventLines].join('\n')}\n`
}
