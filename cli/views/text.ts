/** Texts of `sluice views`. Pure. */

import type { ApplyProgress } from '../../lib/operations/views/apply-views.ts'
import type { PlanChange } from '../../lib/operations/views/plan-change.ts'

/** Returns a line for each table that changes. */
export function formatChange({ build, replaced, dropped, unchanged, withoutPast }: PlanChange): string {
  const lines = [
    ...build.map(({ name, generation }) =>
      replaced.includes(name)
        ? `  ~ ${name}: build generation ${generation} from the log, then switch`
        : `  + ${name}: build generation ${generation} from the log`,
    ),
    ...dropped.map(({ name }) => `  - ${name}: drop`),
    ...(unchanged.length > 0 ? [`    unchanged: ${unchanged.map(({ name }) => name).join(', ')}`] : []),
    ...(withoutPast.length > 0
      ? [
          `    without the past, because a deployment has added them: ${withoutPast.join(', ')} (to add it, drop them first)`,
        ]
      : []),
  ]
  return lines.map(line => `${line}\n`).join('')
}

/** Returns the progress, such as `adding the past: 81240 of 960000 records, 40620 rows`. */
export function formatProgress({ phase, records, total, rows, pending }: ApplyProgress): string {
  if (phase === 'adding the past') return `${phase}: ${records} of ${total} records, ${rows} rows`
  return phase === 'waiting for views' ? `${phase}: ${pending} records to apply` : phase
}
