import protobuf, { type Field, type Type } from 'protobufjs'
import { UnencodableError } from './errors.ts'
import { base64Bytes, isObject, requireWellFormed } from './json-values.ts'
import { isUnsupported, isWrapper, TEXT_FORMS } from './well-known.ts'

type Convert = (value: unknown, path: readonly string[]) => unknown

interface FieldPlan {
  readonly field: Field
  /** True for a field without presence. The field is required, because readers could not distinguish an absent value from zero. */
  readonly isImplicit: boolean
  readonly convert: Convert
}

/** Integer types of Protobuf, each with its number of bits and whether it is signed. */
const INTEGERS: Readonly<Record<string, readonly [bits: number, isSigned: boolean]>> = {
  int32: [32, true],
  sint32: [32, true],
  sfixed32: [32, true],
  uint32: [32, false],
  fixed32: [32, false],
  int64: [64, true],
  sint64: [64, true],
  sfixed64: [64, true],
  uint64: [64, false],
  fixed64: [64, false],
}

/**
 * Returns a function that encodes data as a message, without a message index. Field names are those of Protobuf's JSON mapping: the
 * option for it, or the name in lowerCamelCase. Enum values are given by name or number, and 64-bit integers as numbers or as texts of
 * digits. An unknown field is an error, because it would be lost. An absent field is an error if readers could not distinguish it from
 * zero.
 */
export function protobufEncoder(message: Type) {
  const convert = getMessageConverter(message, new Map())
  return (data: unknown): Buffer => {
    const converted = convert(data, []) as object
    requireWellFormed(data)
    const bytes = message.encode(converted).finish()
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

/** @param converters converters by type; needed because a message type can contain itself */
function getMessageConverter(type: Type, converters: Map<Type, Convert>): Convert {
  const found = converters.get(type)
  if (found) return found
  let plans: Map<string, FieldPlan> | undefined
  const text = TEXT_FORMS.get(type.fullName)
  const convert: Convert = (input, path) => {
    if (isUnsupported(type))
      throw new UnencodableError(path, `is a ${type.fullName.slice(1)}, which is not supported`)
    if (text) return (typeof input === 'string' && text.parse(input)) || refuse(path, text.wanted)
    const value = isWrapper(type) ? { value: input } : input
    if (!isObject(value)) throw new UnencodableError(path, `must be a ${type.name}`)
    plans ??= planFields(type, converters)
    return buildMessage(type, plans, value, path)
  }
  converters.set(type, convert)
  return convert
}

function planFields(type: Type, converters: Map<Type, Convert>): Map<string, FieldPlan> {
  return new Map(
    type.fieldsArray.map(field => {
      field.resolve()
      const isSingle = !field.repeated && !field.map
      const isImplicit = isSingle && !field.partOf && !(field.resolvedType instanceof protobuf.Type)
      return [
        field.jsonName ?? field.name,
        { field, isImplicit, convert: createFieldConverter(field, converters) },
      ]
    }),
  )
}

function buildMessage(
  type: Type,
  plans: ReadonlyMap<string, FieldPlan>,
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
): object {
  for (const name of Object.keys(value))
    if (!plans.has(name) && value[name] !== undefined)
      throw new UnencodableError(
        [...path, name],
        `is not a field of ${type.name}${describeName(plans, name)}`,
      )
  const message: Record<string, unknown> = {}
  const ofOneof = new Map<string, string>()
  for (const [name, { field, isImplicit, convert }] of plans) {
    const fieldValue = value[name]
    const isAbsent = fieldValue === undefined || fieldValue === null
    if (isAbsent && isImplicit) throw new UnencodableError([...path, name], 'is missing')
    if (isAbsent) continue
    if (field.partOf) requireAlone(ofOneof, field.partOf.name, name, path)
    message[field.name] = convert(fieldValue, [...path, name])
  }
  return message
}

/** Returns the end of a message about a name that is not the name of a field in JSON, but in the schema, or in camel case. */
function describeName(plans: ReadonlyMap<string, FieldPlan>, name: string): string {
  const isOther = ([, { field }]: readonly [string, FieldPlan]) =>
    field.name === name || protobuf.util.camelCase(field.name) === name
  const [jsonName] = [...plans].find(isOther) ?? []
  return jsonName === undefined ? '' : `: its name in JSON is ${jsonName}`
}

/** Checks that at most one field of a oneof is set. Readers would see only the last one. */
function requireAlone(
  given: Map<string, string>,
  oneof: string,
  name: string,
  path: readonly string[],
): void {
  const other = given.get(oneof)
  if (other !== undefined)
    throw new UnencodableError(
      [...path, name],
      `cannot be set together with ${other}: both belong to the oneof ${oneof}`,
    )
  given.set(oneof, name)
}

function createFieldConverter(field: Field, converters: Map<Type, Convert>): Convert {
  const single = createValueConverter(field, converters)
  if (field instanceof protobuf.MapField) {
    const convertKey = createKeyConverter(field.keyType)
    return (value, path) => {
      if (!isObject(value)) throw new UnencodableError(path, 'must be an object')
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [convertKey(key, path), single(one, [...path, key])]),
      )
    }
  }
  if (!field.repeated) return single
  return (value, path) => {
    if (!Array.isArray(value)) throw new UnencodableError(path, 'must be a list')
    return value.map((value, index) => single(value, [...path, String(index)]))
  }
}

/**
 * Returns a converter for map keys that are passed to protobufjs. A key that is not a valid number is rejected, because protobufjs
 * would convert it to another key.
 */
function createKeyConverter(type: string): (key: string, path: readonly string[]) => string {
  if (type === 'string') return key => key
  const wrong = (path: readonly string[]): never => {
    throw new UnencodableError(path, `must have keys that are ${type}`)
  }
  if (type === 'bool') return (key, path) => (['true', 'false'].includes(key) ? key : wrong(path))
  const [bits, isSigned] = INTEGERS[type] as readonly [number, boolean]
  const wrapped = isSigned ? BigInt.asIntN : BigInt.asUintN
  return (key, path) =>
    /^(0|-?[1-9]\d{0,19})$/.test(key) && wrapped(bits, BigInt(key)) === BigInt(key) ? key : wrong(path)
}

function createValueConverter({ type, resolvedType }: Field, converters: Map<Type, Convert>): Convert {
  if (resolvedType instanceof protobuf.Type) return getMessageConverter(resolvedType, converters)
  if (resolvedType) return createEnumConverter(resolvedType)
  const integer = INTEGERS[type]
  if (integer) return createIntegerConverter(...integer)
  if (type === 'bytes') return (value, path) => base64Bytes(value) ?? refuse(path, 'base64')
  if (type === 'float' || type === 'double') return createFiniteConverter(type === 'float')
  const wanted = type === 'bool' ? 'boolean' : 'string'
  return (value, path) => (typeof value === wanted ? value : refuse(path, wanted))
}

function createEnumConverter({ name, values }: protobuf.Enum): Convert {
  return (value, path) => {
    if (typeof value === 'string' && Object.hasOwn(values, value)) return values[value]
    return Number.isInteger(value) && (value as number) === ((value as number) | 0)
      ? value
      : refuse(path, `a ${name}`)
  }
}

/** Returns a converter for integers, which takes a text of digits for 64 bits. A double must have all digits of the integer. */
function createIntegerConverter(bits: number, isSigned: boolean): Convert {
  const wrap = isSigned ? BigInt.asIntN : BigInt.asUintN
  return (value, path) => {
    const isNumber = Number.isInteger(value) && String(BigInt(value as number)) === String(value)
    const isText = bits === 64 && typeof value === 'string' && /^(0|-?[1-9]\d{0,19})$/.test(value)
    const integer = isNumber || isText ? BigInt(value as number | string) : undefined
    if (integer === undefined || wrap(bits, integer) !== integer)
      return refuse(path, `a whole number of ${bits} bits${isSigned ? '' : ' without a sign'}`)
    if (bits === 32) return Number(integer)
    return { low: Number(BigInt.asIntN(32, integer)), high: Number(BigInt.asIntN(32, integer >> 32n)) }
  }
}

/** Returns a converter for floating-point numbers. It rejects NaN and infinities, which JSON cannot represent. */
function createFiniteConverter(isFloat: boolean): Convert {
  return (value, path) =>
    typeof value === 'number' && Number.isFinite(isFloat ? Math.fround(value) : value)
      ? value
      : refuse(path, 'a finite number')
}

function refuse(path: readonly string[], wanted: string): never {
  throw new UnencodableError(path, `must be ${wanted}`)
}
