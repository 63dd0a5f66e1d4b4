/**
 * Telemetry families of a program: event type, subject, metrics and record key of their readings. Rules, mappings, statistics and the
 * simulator get them as an argument. The program that starts reads their files (`lib/app/settings/families.ts`). Pure.
 */
import { buildFamily, toRecord } from './build-family.ts'
import type { Family, ReadingData } from './family.ts'
import type { RawFamily } from './family-file.ts'

export type { Family, FamilyActivity, ReadingData } from './family.ts'

/** Families that a program knows. */
export class Families {
  readonly all: readonly Family[]
  /** Families by name. The object has no prototype, because files and people name families: `constructor` must be unknown. */
  readonly byName: Readonly<Record<string, Family>>
  readonly names: readonly string[]
  /** Event types of the readings. */
  readonly readingTypes: readonly string[]
  readonly #byType: ReadonlyMap<string, Family>

  constructor(files: readonly RawFamily[]) {
    this.all = files.map(buildFamily)
    this.byName = toRecord(this.all.map(family => [family.name, family]))
    this.names = this.all.map(({ name }) => name)
    this.readingTypes = this.all.map(({ type }) => type)
    this.#byType = new Map(this.all.map(family => [family.type, family]))
  }

  /** Returns the family of an event type; undefined if events of the type are not readings. */
  findByType(type: string): Family | undefined {
    return this.#byType.get(type)
  }

  /** Returns the family with a name that has been checked before. @throws Error if there is no such family */
  get(name: string): Family {
    const family = this.byName[name]
    if (family === undefined) throw new Error(`There is no family ${name}`)
    return family
  }
}

/** Returns the metrics of a reading, in the order of the family's table. Values that are not finite numbers are omitted. */
export function measurements(family: Family, data: ReadingData): [metric: string, value: number][] {
  const found: [metric: string, value: number][] = []
  const add = (metric: string) => {
    const value = data[metric]
    if (typeof value === 'number' && Number.isFinite(value)) found.push([metric, value])
  }
  for (const metric in family.metrics) add(metric)
  if (family.others) for (const name of Object.keys(data)) if (isOther(family, name)) add(name)
  return found
}

/** Returns the states of a reading with their values, in the order of the family's table. Values that are not texts are omitted. */
export function observations(family: Family, data: ReadingData): [state: string, value: string][] {
  const found: [state: string, value: string][] = []
  for (const state in family.states) {
    const value = data[state]
    if (typeof value === 'string') found.push([state, value])
  }
  return found
}

/** Returns whether a name in the data is not declared by the family, so that its number is a metric if the family has `others`. */
export function isOther({ metrics, states, fields }: Family, name: string): boolean {
  const isDeclared = Object.hasOwn(metrics, name) || Object.hasOwn(states, name) || fields.has(name)
  return !isDeclared && name !== 'unit' && name !== 'tags'
}
