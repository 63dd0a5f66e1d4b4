import avro, { type Schema as AvroSchema, type ForSchemaOptions, type Type } from 'avsc'
import type { Schema } from './client.ts'
import type { Codec } from './codec.ts'
import { requireMatch, UndecodableError, UnencodableError } from './errors.ts'
import { base64Bytes, isObject, requireWellFormed } from './json-values.ts'
import { avroReader, nullDefaults } from './read-avro.ts'

/** Option that avsc supports but that is missing in its types. */
const STRICT = { noUndeclaredFields: true } as object

/**
 * Returns the codec of an Avro schema. In its JSON text, a value of a union does not name its branch, and bytes are text with one
 * character per byte.
 */
export function codecFor({ text, references }: Schema): Codec {
  const type = compile(text, references)
  const read = avroReader(type, 'plain')
  const readForText = avroReader(type, 'text')
  // Compile the encoder on demand, because most codecs only read.
  let compiled: ReturnType<typeof avroEncoder> | undefined
  const encoder = () => (compiled ??= avroEncoder({ text, references }))
  return {
    format: 'AVRO',
    decode: body => requireMatch(() => JSON.stringify(readForText(body))),
    read: body => requireMatch(() => read(body)),
    encode: data => encoder()(data),
  }
}

function compile(text: string, references: Schema['references']): Type {
  try {
    const options = { registry: {}, wrapUnions: 'always' as const, typeHook: typeToRead }
    for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text), options)
    return avro.Type.forSchema(JSON.parse(text), options)
  } catch (error) {
    throw new UndecodableError(`its schema cannot be used: ${(error as Error).message}`)
  }
}

/** Returns the type of a record or an enum without default values, aliases and orders, which play no part in reading. */
function typeToRead(schema: AvroSchema, options: ForSchemaOptions): Type | undefined {
  if (!isObject(schema)) return undefined
  const { type, name, namespace, fields, symbols } = schema
  if (type === 'enum') return new avro.types.EnumType({ type, name, namespace, symbols } as never, options)
  if ((type !== 'record' && type !== 'error') || !Array.isArray(fields)) return undefined
  const readFields = fields.map(field => ({ name: field.name, type: field.type }))
  const record = new avro.types.RecordType({ type, name, namespace, fields: readFields } as never, options)
  const isNull = (field: { readonly default?: unknown }) => field.default === null
  nullDefaults.set(record, new Set(fields.filter(isNull).map(field => field.name)))
  return record
}

/** Avro type for bytes, which are base64 text in the data of the application. avsc calls these methods for the conversion. */
class Base64Type extends avro.types.LogicalType {
  protected override _fromValue(bytes: Buffer): string {
    return bytes.toString('base64')
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    return base64Bytes(value)
  }
}

/** Avro type for floating-point numbers. Only finite numbers are accepted, because JSON cannot represent others. */
class FiniteType extends avro.types.LogicalType {
  protected override _fromValue(number: number): number {
    return number
  }

  protected override _toValue(value: unknown): number | undefined {
    if (typeof value !== 'number') return undefined
    const { typeName } = this.underlyingType
    return Number.isFinite(typeName === 'float' ? Math.fround(value) : value) ? value : undefined
  }
}

/**
 * Returns a function that encodes data with an Avro schema. A value of a union is given as it is if the branches can be
 * distinguished in JSON; otherwise as `{branch: value}`. A field with a default value can be omitted. An unknown field is an error,
 * because it would be lost.
 *
 * @throws Error if the schema cannot be used
 */
function avroEncoder({ text, references }: Pick<Schema, 'text' | 'references'>) {
  const options = {
    registry: {},
    wrapUnions: 'auto' as const,
    typeHook: checkedType,
  }
  for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text), options)
  const type = avro.Type.forSchema(JSON.parse(text), options)
  return (data: unknown): Buffer => {
    if (!type.isValid(data, STRICT)) type.isValid(data, { ...STRICT, errorHook: reject })
    requireWellFormed(data)
    return type.toBuffer(data)
  }
}

function reject(path: string[], _value: unknown, type: Type): never {
  throw new UnencodableError(path, describeExpected(type))
}

function describeExpected({ typeName, name }: Type): string {
  if (typeName.startsWith('record')) return `must be a ${name ?? 'record'}, and have no other fields`
  if (typeName.startsWith('union:'))
    return 'must be of a type that its schema allows, and a number must be finite'
  return `must be ${typeName.replace(/^logical:bytes/, 'base64').replace(/^logical:/, 'a finite ')}`
}

function checkedType(schema: AvroSchema): Type | undefined {
  const name = typeof schema === 'object' && 'type' in schema ? schema.type : schema
  if (name === 'bytes') return new Base64Type({ type: 'bytes' })
  return name === 'float' || name === 'double' ? new FiniteType({ type: name }) : undefined
}
