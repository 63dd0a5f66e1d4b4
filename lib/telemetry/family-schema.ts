/** Generates the JSON Schema of a family's readings. Pure. */
import type { JsonSchema } from '../schemas/json-schema.ts'
import { toDataschema } from './dataschema.ts'
import {
  describeReadings,
  listEntityFields,
  listFields,
  type RawFamily,
  type RawField,
  type RawMetric,
  toWholeState,
} from './family-file.ts'

/**
 * Numbers in Protobuf of the fields that `protobuf` does not list, by kind. Fields of a kind are numbered in the order of the file, so
 * that a field that is appended changes no other number.
 */
const FIRST_NUMBERS = { common: 100, fields: 110, states: 200, metrics: 300 } as const

interface Property {
  readonly name: string
  readonly number: number
  readonly schema: JsonSchema
}

/** Returns the schema. Its properties are in the order of their numbers in Protobuf. */
export function buildFamilySchema(raw: RawFamily): JsonSchema {
  const properties = listProperties(raw)
  const measured = [...Object.keys(raw.metrics ?? {}), ...Object.keys(raw.states ?? {})]
  const required = properties.filter(({ name }) => isRequired(raw, name)).map(({ name }) => name)
  const described = properties.filter(({ name }) => !measured.includes(name)).map(({ name }) => name)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: toDataschema(raw.type),
    title: toTitle(raw.type),
    description: describeReadings(raw),
    type: 'object',
    required,
    ...(raw.others
      ? { not: { propertyNames: { enum: described } }, additionalProperties: { type: 'number' } }
      : { anyOf: measured.map(name => ({ required: [name] })), additionalProperties: false }),
    properties: Object.fromEntries(properties.map(({ name, schema }) => [name, schema])),
  }
}

/** Returns the number in Protobuf of each field of the data. */
export function listFieldNumbers(raw: RawFamily): Readonly<Record<string, number>> {
  return Object.fromEntries(listProperties(raw).map(({ name, number }) => [name, number]))
}

function listProperties(raw: RawFamily): Property[] {
  // The fields of the entity are numbered first, listed or not, so that listing one changes no number.
  const entity = listEntityFields(raw).filter(path => !path.startsWith('tags.'))
  const outer = new Set([...entity, ...listFields(raw).keys()].map(path => path.split('.')[0] as string))
  const kinds = [
    ['fields', [...outer].map(name => [name, toFieldSchema(raw, name)])],
    ['metrics', Object.entries(raw.metrics ?? {}).map(([name, one]) => [name, toMetricSchema(one ?? {})])],
    ['states', Object.entries(raw.states ?? {}).map(([name, one]) => [name, toStateSchema(one)])],
    [
      'common',
      [
        ['unit', UNIT],
        ['tags', toTagsSchema(raw)],
      ],
    ],
  ] as const satisfies readonly (readonly [keyof typeof FIRST_NUMBERS, unknown])[]
  const properties = kinds.flatMap(([kind, found]) =>
    (found as [string, JsonSchema][]).map(([name, schema], index) => {
      const listed = raw.protobuf?.indexOf(name) ?? -1
      return { name, schema, number: listed === -1 ? FIRST_NUMBERS[kind] + index : listed + 1 }
    }),
  )
  return raw.protobuf === undefined ? properties : properties.sort((a, b) => a.number - b.number)
}

function isRequired(raw: RawFamily, name: string): boolean {
  if (name === 'tags') return listRequiredTags(raw).length > 0
  return [...listFields(raw)].some(([path, { required }]) => required && path.split('.')[0] === name)
}

const UNIT: JsonSchema = {
  type: 'string',
  minLength: 1,
  description: 'Unit of the metrics of this dimension, if it differs from the schema: see docs/readings.md',
}

/** Returns the tags of which the entity consists. */
function listRequiredTags(raw: RawFamily): string[] {
  if (raw.entity.from === 'event') return []
  return listEntityFields(raw).flatMap(path => (path.startsWith('tags.') ? path.slice('tags.'.length) : []))
}

function toTagsSchema(raw: RawFamily): JsonSchema {
  const required = listRequiredTags(raw)
  return {
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: { type: 'string' },
    description: 'Free-form labels of the producer',
  }
}

function toFieldSchema(raw: RawFamily, outer: string): JsonSchema {
  const fields = listFields(raw)
  const own = fields.get(outer)
  if (own) return toScalarSchema(own)
  const inner = [...fields].flatMap(([path, field]) =>
    path.startsWith(`${outer}.`) ? [[path.slice(outer.length + 1), field] as const] : [],
  )
  return {
    type: 'object',
    required: inner.filter(([, { required }]) => required).map(([name]) => name),
    additionalProperties: false,
    properties: Object.fromEntries(inner.map(([name, field]) => [name, toScalarSchema(field)])),
  }
}

function toScalarSchema(field: RawField): JsonSchema {
  if (field.type === 'number')
    return { type: 'number', ...toDescription(field.description), ...toLimits(field) }
  return { type: 'string', minLength: 1, ...toDescription(field.description) }
}

function toMetricSchema(metric: RawMetric): JsonSchema {
  const { type = 'number', unit, description = unit } = metric
  return { type, ...toDescription(description), ...toLimits(metric) }
}

function toStateSchema(state: NonNullable<RawFamily['states']>[string]): JsonSchema {
  const { values, description } = toWholeState(state)
  const allowed = values === 'any' ? { type: 'string', minLength: 1 } : { enum: values }
  return { ...allowed, ...toDescription(description) }
}

function toDescription(description: string | undefined): { readonly description?: string } {
  return description === undefined || description === '' ? {} : { description }
}

function toLimits({ min, max }: Pick<RawField, 'min' | 'max'>): Pick<JsonSchema, 'minimum' | 'maximum'> {
  return {
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
  }
}

/** Returns the words of a type's last two names, such as `Environment reading`. */
function toTitle(type: string): string {
  const text = listTypeWords(type).join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Returns the name of the Avro record and the Protobuf message, such as `EnvironmentReading`. It is valid in both. */
export function toRecordName(type: string): string {
  const name = listTypeWords(type)
    .map(word => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  return /^\d/.test(name) ? `Reading${name}` : name
}

/** Returns a type without its version, such as `.v1`, at the end. */
export function withoutVersion(type: string): string {
  return type.replace(/\.v[1-9]\d*$/, '')
}

/** Returns the words of the last two names of a type; those of all names if these two have none. */
function listTypeWords(type: string): string[] {
  const names = withoutVersion(type).split('.')
  const toWords = (names: readonly string[]) => names.flatMap(name => name.match(/[A-Za-z0-9]+/g) ?? [])
  const words = toWords(names.slice(-2))
  return words.length > 0 ? words : toWords(names)
}
