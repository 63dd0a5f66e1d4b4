/** Generates data for a JSON Schema with fast-check. Supports the JSON Schema features that are used in `events/schemas/json/`. */
import fc, { type Arbitrary } from 'fast-check'

export interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly minProperties?: number
}

/** Function that returns the schema for a reference. */
type Resolve = (ref: string) => JsonSchema

const MAX_ITEMS = 3

export function createData(schema: JsonSchema, resolve: Resolve): Arbitrary<unknown> {
  const inner = (schema: JsonSchema) => createData(schema, resolve)
  if (schema.$ref !== undefined) return inner(resolve(schema.$ref))
  if (schema.properties) return createObject(schema, inner)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(inner))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.items)
    return fc.array(inner(schema.items), { minLength: schema.minItems ?? 0, maxLength: MAX_ITEMS })
  if (typeof schema.additionalProperties === 'object')
    return fc.dictionary(text(), inner(schema.additionalProperties), {
      minKeys: schema.minProperties ?? 0,
      maxKeys: MAX_ITEMS,
      noNullPrototype: true,
    })
  return createScalar(schema)
}

function createObject(
  { properties = {}, required = [], anyOf = [] }: JsonSchema,
  inner: (schema: JsonSchema) => Arbitrary<unknown>,
): Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)]))
  const record = (needed: readonly string[]) => fc.record(fields, { requiredKeys: [...needed] })
  if (anyOf.length === 0) return record(required)
  return fc.oneof(...anyOf.map(schema => record([...required, ...(schema.required ?? [])])))
}

function createScalar({ type, format, minimum, maximum, minLength = 0 }: JsonSchema): Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return format === 'date-time' ? time() : text(minLength)
    case 'number':
      // JSON does not distinguish -0 from 0.
      return fc
        .double({ min: minimum ?? -1e300, max: maximum ?? 1e300, noNaN: true })
        .map(value => (value === 0 ? 0 : value))
    case 'integer':
      return fc.integer({ min: minimum ?? -(2 ** 31), max: maximum ?? 2 ** 31 - 1 })
    case 'boolean':
      return fc.boolean()
    default:
      throw new Error(`no data for ${String(type)}`)
  }
}

function text(minLength = 0): Arbitrary<string> {
  return fc.string({ minLength, maxLength: 8, unit: 'binary' })
}

function time(): Arbitrary<string> {
  return fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100') })
    .map(date => date.toISOString())
}
