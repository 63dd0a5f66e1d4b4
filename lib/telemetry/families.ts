/**
 * Table of the telemetry families: event type, subject, metrics and record key of their readings. Schemas, the simulator, imports,
 * rules and statistics use this table. It is read from the files in `config/families/`, and a bundle contains their content.
 */

import { loadedFamilies } from './adapters/loaded-families.ts'
import { buildFamily, toRecord } from './build-family.ts'
import type { Family, ReadingData } from './family.ts'

export type { Family, FamilyActivity, ReadingData } from './family.ts'

/** Families by name. The object has no prototype, because files and people name families: `constructor` must be unknown. */
export const FAMILIES: Readonly<Record<string, Family>> = toRecord(
  loadedFamilies.map(raw => [raw.family, buildFamily(raw)]),
)

export const READING_TYPES: readonly string[] = Object.values(FAMILIES).map(family => family.type)

const BY_TYPE: ReadonlyMap<string, Family> = new Map(
  Object.values(FAMILIES).map(family => [family.type, family]),
)

/** Returns the family of an event type; undefined if events of the type are not readings. */
export function findFamily(type: string): Family | undefined {
  return BY_TYPE.get(type)
}

/**
 * Returns the metrics of a reading, in the order of the family's table. Avro and Protobuf can contain NaN and infinite numbers.
 * These values are omitted, because they would clear every alert and make every mean invalid.
 */
export function measurements(family: Family, data: ReadingData): [metric: string, value: number][] {
  const declared = Object.keys(family.metrics)
  const further = family.others ? Object.keys(data).filter(name => isOther(family, name)) : []
  return [...declared, ...further].flatMap(metric => {
    const value = data[metric]
    return typeof value === 'number' && Number.isFinite(value) ? [[metric, value] as [string, number]] : []
  })
}

/** Returns whether a name in the data is not declared by the family, so that its number is a metric if the family has `others`. */
export function isOther({ metrics, states, fields }: Family, name: string): boolean {
  const isDeclared = Object.hasOwn(metrics, name) || Object.hasOwn(states, name) || fields.has(name)
  return !isDeclared && name !== 'unit' && name !== 'tags'
}
