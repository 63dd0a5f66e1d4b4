/** What a schema says of data, whatever language it is in: for comparing the three forms of an event type. */
import protobuf, { type Field as ProtoField, type Type } from 'protobufjs'

export type Shape =
  | 'string'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'bytes'
  /** An object of which nothing more is said. */
  | 'object'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Field>> }

interface Field {
  readonly shape: Shape
  /** Whether it can be absent; undefined where the language cannot say so. */
  readonly isOptional: boolean | undefined
}

export interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly type?: string | readonly string[]
  readonly contentEncoding?: string
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

/** The schema that a reference names. */
export type Resolve = (ref: string) => JsonSchema

export function jsonShape(schema: JsonSchema, resolve: Resolve): Shape {
  if (schema.$ref !== undefined) return jsonShape(resolve(schema.$ref), resolve)
  const { properties, additionalProperties, items, anyOf, required = [] } = schema
  if (properties) {
    const fields = Object.entries(properties).map(([name, property]) => {
      const isOptional = !required.includes(name) || isNullable(property)
      return [name, { shape: jsonShape(property, resolve), isOptional }] as const
    })
    return { fields: Object.fromEntries(fields) }
  }
  if (anyOf) return eitherOf(anyOf.map(one => jsonShape(one, resolve)))
  if (items) return { list: jsonShape(items, resolve) }
  if (typeof additionalProperties === 'object') return { map: jsonShape(additionalProperties, resolve) }
  return jsonScalar(schema)
}

function jsonScalar({ type, contentEncoding, enum: words, const: word }: JsonSchema): Shape {
  if (contentEncoding === 'base64') return 'bytes'
  const [named] = [type ?? typeof (word ?? words?.[0])].flat().filter(one => one !== 'null')
  if (named === 'string' || named === 'number' || named === 'integer' || named === 'boolean') return named
  if (named === 'object') return 'object'
  throw new Error(`no shape for ${String(named)}`)
}

/** Whether null is allowed, too: it stands for nothing, as absence does. */
function isNullable({ type }: JsonSchema): boolean {
  return Array.isArray(type) && type.includes('null')
}

/** What fits any of the shapes: the fields of all, of which those that are required everywhere are required. */
function eitherOf(shapes: readonly Shape[]): Shape {
  const all = shapes.map(shape => {
    if (typeof shape !== 'object' || !('fields' in shape))
      throw new Error('no shape for either of two values')
    return shape.fields
  })
  const names = new Set(all.flatMap(fields => Object.keys(fields)))
  const fields = [...names].map(name => {
    const ones = all.flatMap(one => one[name] ?? [])
    const isOptional = ones.length < all.length || ones.some(one => one.isOptional)
    return [name, { shape: (ones[0] as Field).shape, isOptional }] as const
  })
  return { fields: Object.fromEntries(fields) }
}

type Avro = string | readonly Avro[] | AvroType
interface AvroType {
  readonly type: string
  readonly name?: string
  readonly items?: Avro
  readonly values?: Avro
  readonly fields?: readonly { readonly name: string; readonly type: Avro; readonly default?: unknown }[]
}

/** @param named records that have been seen, by name */
export function avroShape(type: Avro, named = new Map<string, Shape>()): Shape {
  if (typeof type === 'string') {
    const scalar = AVRO_SCALARS[type] ?? named.get(type)
    if (!scalar) throw new Error(`no shape for ${type}`)
    return scalar
  }
  if (isUnion(type)) {
    const [first, second, ...more] = type
    if (first !== 'null' || second === undefined || more.length > 0) throw new Error('no shape for a union')
    return avroShape(second, named)
  }
  if (type.items) return { list: avroShape(type.items, named) }
  if (type.values) return { map: avroShape(type.values, named) }
  if (!type.fields) return avroShape(type.type, named)
  const fields = type.fields.map(field => {
    const isOptional = isUnion(field.type)
    if (isOptional !== (field.default === null))
      throw new Error(`${field.name}: null and no default, or none`)
    return [field.name, { shape: avroShape(field.type, named), isOptional }] as const
  })
  const shape = { fields: Object.fromEntries(fields) }
  named.set(type.name as string, shape)
  return shape
}

const AVRO_SCALARS: Readonly<Record<string, Shape>> = {
  string: 'string',
  double: 'number',
  int: 'integer',
  long: 'integer',
  boolean: 'boolean',
  bytes: 'bytes',
}

function isUnion(type: Avro): type is readonly Avro[] {
  return Array.isArray(type)
}

/** The shape of the first message of a file. */
export function protobufShape(text: string): Shape {
  const { root, package: name } = protobuf.parse(text)
  root.resolveAll()
  const [first] = (root.lookup(name as string) as protobuf.Namespace).nestedArray
  return messageShape(first as Type)
}

function messageShape({ fieldsArray, oneofs }: Type): Shape {
  const [only] = fieldsArray
  // A map has no lists for values, so they stand in a message of their own.
  if (only && fieldsArray.length === 1 && only.repeated) return { list: protobufValue(only) }
  const fields = fieldsArray.map(field => {
    const isOptional = oneofs?.[`_${field.name}`] !== undefined || field.partOf !== null
    const shape = field.map
      ? { map: protobufValue(field) }
      : field.repeated
        ? { list: protobufValue(field) }
        : protobufValue(field)
    return [field.name, { shape, isOptional: field.map || field.repeated ? undefined : isOptional }] as const
  })
  return { fields: Object.fromEntries(fields) }
}

function protobufValue({ type, resolvedType }: ProtoField): Shape {
  if (resolvedType) return messageShape(resolvedType as Type)
  const scalar = PROTOBUF_SCALARS[type]
  if (!scalar) throw new Error(`no shape for ${type}`)
  return scalar
}

const PROTOBUF_SCALARS: Readonly<Record<string, Shape>> = {
  string: 'string',
  double: 'number',
  int32: 'integer',
  uint32: 'integer',
  int64: 'integer',
  uint64: 'integer',
  bool: 'boolean',
  bytes: 'bytes',
}

/** Where two shapes differ; empty if they are equal. What one of them cannot say is no difference. */
export function differences(one: Shape, other: Shape, at = 'data'): string[] {
  if (one === 'object' || other === 'object') return []
  if (typeof one === 'string' || typeof other === 'string')
    return one === other ? [] : [`${at}: ${JSON.stringify(one)} and ${JSON.stringify(other)}`]
  if ('list' in one && 'list' in other) return differences(one.list, other.list, `${at}[]`)
  if ('map' in one && 'map' in other) return differences(one.map, other.map, `${at}{}`)
  if (!('fields' in one && 'fields' in other))
    return [`${at}: ${Object.keys(one)[0]} and ${Object.keys(other)[0]}`]
  return fieldDifferences(one.fields, other.fields, at)
}

function fieldDifferences(
  one: Readonly<Record<string, Field>>,
  other: Readonly<Record<string, Field>>,
  at: string,
): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].flatMap(name => {
    const [a, b] = [one[name], other[name]]
    const place = `${at}.${name}`
    if (!a || !b) return [`${place}: is only in one of them`]
    const isSaid = a.isOptional !== undefined && b.isOptional !== undefined
    const odd = isSaid && a.isOptional !== b.isOptional ? [`${place}: is optional in one of them`] : []
    return [...odd, ...differences(a.shape, b.shape, place)]
  })
}
