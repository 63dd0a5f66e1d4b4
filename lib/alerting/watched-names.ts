/**
 * Checks of the names of families and metrics in rules. The schema of rule files does not list them, because every project has
 * families of its own.
 */
import { describeUnknown } from '../support/suggestion.ts'
import { findMetricUnit } from '../telemetry/metric-names.ts'
import type { RuleRow } from './rule-row.ts'

/** Returns the family that a rule or an event of a pattern names; undefined if it has none, or if an error was reported. */
export function readFamily({ of, report, families, isFromLog }: RuleRow): string | undefined {
  const family = of<string>('family')
  if (family === undefined || isFromLog || families.byName[family] !== undefined) return family
  report('family', describeUnknown('family', family, families.names))
  return undefined
}

/** Reports a metric that readings of the family do not have. */
export function reportUnknownMetric(
  { report, families, isFromLog }: RuleRow,
  name: string | undefined,
  metric: string | undefined,
): void {
  const family = name === undefined ? undefined : families.byName[name]
  if (family === undefined || metric === undefined || isFromLog) return
  if (Object.hasOwn(family.states, metric) || findMetricUnit(family, metric) !== undefined) return
  const known = [...Object.keys(family.metrics), ...Object.keys(family.states)]
  report('metric', describeUnknown(`metric of ${name}`, metric, known))
}
