/** Converts the JSON Schema of an event type to records with fields, as needed for Avro and Protobuf. Pure. */
import type { EventTypeRow } from './event-types.ts'
import { type JsonSchema, type Located, type ReadSchema, resolveReference } from './json-schema.ts'

export type Scalar = 'string' | 'number' | 'boolean' | 'uint32' | 'int32' | 'int64'

export type FieldType = Scalar | RecordType | { readonly list: FieldType } | { readonly map: FieldType }

export interface RecordType {
  readonly record: string
  readonly doc?: string
  readonly fields: readonly RecordField[]
}

/** Field of a record. */
export interface RecordField {
  readonly name: string
  /** Number in Protobuf. It is the position in the JSON Schema, so new properties must be added at its end, unless the row of the type has numbers. */
  readonly number: number
  readonly doc?: string
  readonly type: FieldType
  readonly isOptional: boolean
}

/**
 * Returns the record of an event type.
 *
 * @param root JSON Schema of the type
 * @param readSchema returns the schemas to which it refers
 * @throws Error if Avro or Protobuf cannot express a part of the schema
 */
export function buildRecord(
  type: string,
  { record, binary = {} }: Pick<EventTypeRow, 'record' | 'binary'>,
  root: JsonSchema,
  readSchema: ReadSchema,
): RecordType {
  const resolve = (located: Located) => resolveReference(located, readSchema)

  /**
   * Converts an object schema to a record.
   *
   * @param isDocumented false for nested objects, which use the documentation of their field
   */
  function recordAt(
    { schema, root }: Located,
    path: string,
    name: string,
    isDocumented: boolean,
  ): RecordType {
    const { properties = {}, required = [] } = schema
    const fields = Object.entries(properties).map(([field, property], index): RecordField => {
      const doc = isDocumented ? firstSentence(property.description) : undefined
      return {
        name: field,
        number: (path === '' ? binary.numbers?.[field] : undefined) ?? index + 1,
        ...(doc === undefined ? {} : { doc }),
        type: typeAt({ schema: property, root }, path === '' ? field : `${path}.${field}`, field),
        isOptional: !required.includes(field),
      }
    })
    return { record: name, fields }
  }

  function typeAt(located: Located, path: string, property: string): FieldType {
    const { schema, root } = resolve(located)
    const { name, doc } = binary.records?.[path] ?? { name: property.replace(/^./, a => a.toUpperCase()) }
    if (schema.anyOf) {
      const either = mergeAlternatives(schema.anyOf.map(schema => resolve({ schema, root })))
      return { ...recordAt(either, path, name, true), ...(doc === undefined ? {} : { doc }) }
    }
    if (schema.properties) return recordAt({ schema, root }, path, name, false)
    const { items, additionalProperties } = schema
    if (items) return { list: typeAt({ schema: items, root }, `${path}.*`, property) }
    if (typeof additionalProperties === 'object')
      return { map: typeAt({ schema: additionalProperties, root }, `${path}.*`, property) }
    const scalar = toScalar(schema, binary.integers?.[path])
    if (scalar) return scalar
    throw new Error(
      `${type}: ${path} cannot be expressed in Avro and Protobuf. Restrict the type to JSON, or change its schema`,
    )
  }

  const { description } = root
  const whole = recordAt({ schema: root, root }, '', record, true)
  return { ...whole, ...(description === undefined ? {} : { doc: description }) }
}

/** Returns the scalar type of a value; undefined if Avro and Protobuf have none. */
function toScalar(
  { type, enum: words, const: word }: JsonSchema,
  integer: Scalar = 'uint32',
): Scalar | undefined {
  if (words?.every(part => typeof part === 'string') || typeof word === 'string') return 'string'
  if (type === 'string' || type === 'number' || type === 'boolean') return type
  return type === 'integer' ? integer : undefined
}

/**
 * Merges the fields of alternatives. The fields of the largest alternative come first. Fields that are missing in another
 * alternative are optional.
 */
function mergeAlternatives(alternatives: readonly Located[]): Located {
  const [widest] = alternatives.toSorted((a, b) => countProperties(b) - countProperties(a))
  if (!widest) throw new Error('an anyOf without alternatives')
  const schemas = alternatives.map(({ schema }) => schema)
  return {
    root: widest.root,
    schema: {
      properties: Object.assign(
        { ...widest.schema.properties },
        ...collectOtherProperties(widest.schema, schemas),
      ),
      required: (widest.schema.required ?? []).filter(name =>
        schemas.every(({ required = [] }) => required.includes(name)),
      ),
    },
  }
}

function countProperties({ schema }: Located): number {
  return Object.keys(schema.properties ?? {}).length
}

/** Returns the properties of other schemas that do not exist in this schema. */
function collectOtherProperties({ properties: known = {} }: JsonSchema, schemas: readonly JsonSchema[]) {
  return schemas.map(({ properties = {} }) =>
    Object.fromEntries(Object.entries(properties).filter(([name]) => !Object.hasOwn(known, name))),
  )
}

/**
 * Returns the first sentence of a description. Further sentences describe when a field is absent, which the types in Avro and
 * Protobuf already express.
 */
function firstSentence(description: string | undefined): string | undefined {
  return description?.split(/\. (?=[A-Z])/)[0]
}
