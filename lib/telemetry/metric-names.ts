/** Looks up metrics by the names that people write in rules, mappings, tests and options. Pure. */
import { type Family, isOther } from './families.ts'

/** Returns the unit of a metric, empty for a metric without a unit; undefined if the family does not have the metric. */
export function findMetricUnit(family: Family, metric: string): string | undefined {
  if (Object.hasOwn(family.metrics, metric)) return family.metrics[metric]
  return isOtherMetric(family, metric) ? '' : undefined
}

/** Returns whether a family that has `others` accepts a metric of this name, in addition to those that it declares. */
export function isOtherMetric(family: Family, name: string): boolean {
  return family.others && name !== '' && isOther(family, name) && !hasFieldsBelow(family, name)
}

function hasFieldsBelow({ fields }: Family, name: string): boolean {
  return [...fields.keys()].some(path => path.startsWith(`${name}.`))
}
