import avro, { type Schema as AvroSchema, type ForSchemaOptions, type Type } from 'avsc'
import type { Schema } from './client.ts'
import type { Codec } from './codec.ts'
import { avroEncoder } from './encode-avro.ts'
import { requireMatch, UndecodableError } from './errors.ts'
import { isObject } from './json-values.ts'
import { avroReader, nullDefaults } from './read-avro.ts'

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
