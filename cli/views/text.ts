/** Texts of `sluice views`. Pure. */

import type { PlanChange } from '../../lib/operations/views/plan-change.ts'

/** Returns a line for each table that changes. @param folder folder of the statements, for messages */
export function formatChange(
  { build, replaced, dropped, unchanged, withoutPast, changesStreams }: PlanChange,
  folder: string,
): string {
  const lines = [
    ...build.map(({ name, generation }) =>
      replaced.includes(name)
        ? `  ~ ${name}: build generation ${generation} from the log, then switch`
        : `  + ${name}: build generation ${generation} from the log`,
    ),
    ...dropped.map(({ name }) => `  - ${name}: drop, because ${folder} has no statement for it`),
    ...(changesStreams ? ['  ~ streams'] : []),
    ...(unchanged.length > 0 ? [`    unchanged: ${unchanged.map(({ name }) => name).join(', ')}`] : []),
    ...(withoutPast.length > 0
      ? [
          `    without the past, because the function clock has put them into force: ${withoutPast.join(', ')} (to add it, drop them first)`,
        ]
      : []),
  ]
  return lines.map(line => `${line}\n`).join('')
}
