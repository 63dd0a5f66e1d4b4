/** Fields of readings that a mapping can set, for each family. */
import type { Family } from '../telemetry/families.ts'
import { isOtherMetric } from '../telemetry/metric-names.ts'
import type { FieldSource } from './mapping.ts'

type Kind = FieldSource['kind']

const EVERYWHERE = { unit: 'text', tags: 'labels' } as const

/**
 * Returns the types of all targets that have a name of their own, by their dotted path in the data of a reading. A target can also
 * be a single tag, such as `tags.room`, which is a text, and a further metric if the family has `others`.
 */
export function getTargets({ fields, metrics, states }: Family): ReadonlyMap<string, Kind> {
  return new Map<string, Kind>([
    ...[...fields].map(([path, { kind }]) => [path, kind] as const),
    ...Object.keys(metrics).map(metric => [metric, 'number'] as const),
    ...Object.keys(states).map(state => [state, 'text'] as const),
    ...Object.entries(EVERYWHERE),
  ])
}

/** Returns the type of a target; undefined if readings of the family do not have it. */
export function findTargetKind(family: Family, target: string): Kind | undefined {
  if (TAG.test(target)) return 'text'
  const isOther = !target.includes('.') && isOtherMetric(family, target)
  return getTargets(family).get(target) ?? (isOther ? 'number' : undefined)
}

/** Returns whether a target is a metric or a state, of which a reading has at least one. */
export function isMeasured(family: Family, target: string): boolean {
  const { metrics, states } = family
  return Object.hasOwn(metrics, target) || Object.hasOwn(states, target) || isOtherMetric(family, target)
}

/** Returns the fields, and the fields and tags of the entity, without which no reading of the family can be made. */
export function requiredTargets({ fields, entityFields }: Family): readonly string[] {
  const required = [...fields].filter(([, { isRequired }]) => isRequired).map(([path]) => path)
  return [...new Set([...required, ...entityFields])]
}

export const TAG = /^tags\.(.+)$/
