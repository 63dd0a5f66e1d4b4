/**
 * Bounds against floods of metric names, in families that have `others`. The names that a family declares are always accepted. Which
 * other names a partition knows is stored as the context of the partition, so the same log always drops the same metrics. Pure.
 */

import { DAY_MS } from '../support/duration.ts'
import type { Family } from '../telemetry/families.ts'
import type { KnownNames } from './known.ts'

/** Maximum number of metrics of an entity. */
export const MAX_ENTITY_METRICS = 100
/** Maximum number of metrics of a family in a partition. */
export const MAX_FAMILY_METRICS = 1_000
/** Maximum length of a name that the family does not declare. Names are part of every summary of a minute. */
const MAX_NAME_LENGTH = 200

type Value = readonly [metric: string, value: number]

export interface Bounded {
  readonly values: readonly Value[]
  /** Number of metrics that were dropped. */
  readonly dropped: number
  /** Names that the partition knows after this reading; undefined if they do not change. */
  readonly names?: KnownNames
}

/**
 * Drops the metrics of a reading that exceed a bound.
 *
 * @param own metrics that the entity already has
 * @param keptDays number of days without a reading after which a name makes room for others
 */
export function boundMetrics(
  family: Family,
  values: readonly Value[],
  timeMs: number,
  own: object,
  known: KnownNames,
  keptDays: number,
): Bounded {
  const isDeclared = (metric: string) => Object.hasOwn(family.metrics, metric)
  if (values.every(([metric]) => isDeclared(metric))) return { values, dropped: 0 }
  const today = Math.floor(timeMs / DAY_MS)
  const before = known.get(family.name) ?? new Map<string, number>()
  const mostNames = Math.max(0, MAX_FAMILY_METRICS - Object.keys(family.metrics).length)
  const ownNames = new Set(Object.keys(own))
  for (const [metric] of values) if (isDeclared(metric)) ownNames.add(metric)
  let names: Map<string, number> | undefined
  let hasMadeRoom = false
  /** Returns whether a further name fits. Old names make room once: what remains is of days that are kept. */
  const hasRoom = () => {
    const all = names ?? before
    if (all.size < mostNames) return true
    if (hasMadeRoom) return false
    hasMadeRoom = true
    const current = new Map([...all].filter(([, day]) => day >= today - keptDays))
    if (current.size >= mostNames) return false
    names = current
    return true
  }
  const accepts = (metric: string) => {
    if (isDeclared(metric)) return true
    if (metric.length > MAX_NAME_LENGTH) return false
    if (!ownNames.has(metric) && ownNames.size >= MAX_ENTITY_METRICS) return false
    const last = (names ?? before).get(metric)
    if (last === undefined && !hasRoom()) return false
    if (last === undefined || last < today) {
      names ??= new Map(before)
      names.set(metric, today)
    }
    ownNames.add(metric)
    return true
  }
  const accepted = values.filter(([metric]) => accepts(metric))
  return {
    values: accepted,
    dropped: values.length - accepted.length,
    ...(names && { names: new Map([...known, [family.name, names]]) }),
  }
}
