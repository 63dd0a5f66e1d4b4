/** Forms for entering readings, derived from the schema of each family. Pure. */
import { FAMILIES, type Family, type FamilyName } from '../../../lib/telemetry/families.ts'
import { NAMED_STRATEGIES } from '../../../lib/telemetry/key.ts'
import { GENERATOR_DEFAULTS } from '../../../lib/telemetry/simulator/settings.ts'
import { simulated } from '../../../lib/telemetry/simulator.ts'

export interface FormField {
  /** Dotted path, such as `location.site`. */
  readonly path: string
  /** Kind of field. `labels` is a list of names and values. */
  readonly kind: 'number' | 'integer' | 'text' | 'choice' | 'labels'
  readonly isRequired: boolean
  /** Description or unit from the schema. */
  readonly about: string
  readonly least: number | null
  readonly most: number | null
  /** Allowed values of a choice. */
  readonly choices: readonly string[]
}

export interface FamilyForm {
  readonly family: FamilyName
  /** CloudEvents `type` of the readings. */
  readonly type: string
  readonly about: string
  readonly keyedBy: string
  readonly fields: readonly FormField[]
  /** Data of an example reading, from a simulated sensor. */
  readonly example: Readonly<Record<string, unknown>>
}

/** The part of JSON Schema that the schemas of readings use. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
}

/** Selectable strategies for the record key of a reading. */
export const KEY_STRATEGIES = NAMED_STRATEGIES

/**
 * Returns the form of a family.
 *
 * @param schemaText JSON Schema of the family's readings
 * @param nowMs time of the example reading
 */
export function formOf(family: Family, schemaText: string, nowMs: number): FamilyForm {
  const schema: Schema = JSON.parse(schemaText)
  return {
    family: family.name,
    type: family.type,
    about: schema.description ?? '',
    keyedBy: family.keyedBy,
    fields: fieldsOf(schema, '', true),
    example: exampleOf(family.name, nowMs),
  }
}

export const FAMILY_NAMES = Object.keys(FAMILIES) as readonly FamilyName[]

function fieldsOf(
  { properties = {}, required = [] }: Schema,
  before: string,
  isNeeded: boolean,
): FormField[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = before + name
    const isRequired = isNeeded && required.includes(name)
    return schema.properties ? fieldsOf(schema, `${path}.`, isRequired) : [fieldOf(path, schema, isRequired)]
  })
}

function fieldOf(path: string, schema: Schema, isRequired: boolean): FormField {
  const { description = '', minimum = null, maximum = null, enum: choices = [] } = schema
  return {
    path,
    kind: kindOf(schema),
    isRequired,
    about: description,
    least: minimum,
    most: maximum,
    choices: choices.map(String),
  }
}

function kindOf({ type, enum: choices }: Schema): FormField['kind'] {
  if (choices) return 'choice'
  if (type === 'number' || type === 'integer') return type
  return type === 'object' ? 'labels' : 'text'
}

function exampleOf(name: FamilyName, nowMs: number): Readonly<Record<string, unknown>> {
  const sensor = GENERATOR_DEFAULTS.fleet.find(({ family }) => family === name)
  if (!sensor) return {}
  const calm = { ...GENERATOR_DEFAULTS, anomalyRate: 0 }
  const tick = Math.floor(nowMs / (calm.tickSeconds * 1000))
  return simulated(calm, sensor, tick).event.data as Readonly<Record<string, unknown>>
}
