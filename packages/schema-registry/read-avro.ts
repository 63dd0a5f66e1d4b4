import type { Type, types } from 'avsc'
import { AvroCursor } from './avro-cursor.ts'
import { UndecodableError } from './errors.ts'
import { exactInteger, put } from './json-values.ts'

type AvroRead = (cursor: AvroCursor) => unknown

/** Names of the fields whose default value is null, by record type. A type for reading has no default values. */
export const nullDefaults = new WeakMap<Type, ReadonlySet<string>>()

interface Form {
  /** Converts an integer that a double might not represent exactly. */
  long(value: bigint): unknown
  bytes(value: Buffer): unknown
  /** True if a field is omitted when its value is null and its default value is null too. */
  readonly omitsNull: boolean
}

/** Form of plain data, as in an event with JSON data. */
const PLAIN: Form = {
  long: exactInteger,
  bytes: value => value.toString('base64'),
  omitsNull: true,
}

/** `JSON.rawJSON`, which is missing in the types of TypeScript. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** Form for JSON text: integers keep all their digits, and bytes are text with one character per byte. */
const TEXT: Form = {
  long: value => rawJSON(value.toString()),
  bytes: value => value.toString('latin1'),
  omitsNull: false,
}

/**
 * Returns a function that reads values of an Avro type. It throws UndecodableError for invalid data. avsc is not used for reading,
 * because it trusts the lengths in the data.
 */
export function avroReader(type: Type, form: 'plain' | 'text'): (body: Buffer) => unknown {
  const read = getReader(type, form === 'plain' ? PLAIN : TEXT, new Map())
  return body => {
    const cursor = new AvroCursor(body)
    const value = read(cursor)
    cursor.end()
    return value
  }
}

/** @param readers readers by type; needed because a record type can contain itself */
function getReader(type: Type, form: Form, readers: Map<Type, AvroRead>): AvroRead {
  const found = readers.get(type)
  if (found) return found
  let read: AvroRead | undefined
  readers.set(type, cursor => (read as AvroRead)(cursor))
  read = createReader(type, form, readers)
  readers.set(type, read)
  return read
}

function createReader(type: Type, form: Form, readers: Map<Type, AvroRead>): AvroRead {
  const { typeName } = type
  const simple = SIMPLE[typeName]
  if (simple) return simple
  switch (typeName) {
    case 'long':
      return cursor => {
        const value = cursor.long()
        return typeof value === 'bigint' ? form.long(value) : value
      }
    case 'bytes':
      return cursor => form.bytes(cursor.bytes())
    case 'fixed': {
      const { size } = type as types.FixedType
      return cursor => form.bytes(cursor.bytes(size))
    }
    case 'enum': {
      const { symbols } = type as types.EnumType
      return cursor => symbols[cursor.index(symbols.length)]
    }
    case 'array':
      return createArrayReader(getReader((type as types.ArrayType).itemsType, form, readers))
    case 'map':
      return createMapReader(getReader((type as types.MapType).valuesType, form, readers))
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branches = (type as types.WrappedUnionType).types.map(branch => getReader(branch, form, readers))
      return cursor => (branches[cursor.index(branches.length)] as AvroRead)(cursor)
    }
    case 'record':
    case 'error':
      return createRecordReader(type as types.RecordType, form, readers)
    default:
      throw new UndecodableError(`its schema has a type that is not supported: ${typeName}`)
  }
}

const SIMPLE: Readonly<Record<string, AvroRead>> = {
  null: () => null,
  boolean: cursor => cursor.boolean(),
  int: cursor => cursor.int(),
  float: cursor => cursor.float(4),
  double: cursor => cursor.float(8),
  string: cursor => cursor.string(),
}

function createArrayReader(item: AvroRead): AvroRead {
  return cursor => {
    const items: unknown[] = []
    cursor.enter()
    for (let count = cursor.block(); count > 0; count = cursor.block())
      for (let index = 0; index < count; index += 1) items.push(item(cursor))
    cursor.leave()
    return items
  }
}

function createMapReader(value: AvroRead): AvroRead {
  return cursor => {
    const map: Record<string, unknown> = {}
    cursor.enter()
    for (let count = cursor.block(); count > 0; count = cursor.block())
      for (let index = 0; index < count; index += 1) put(map, cursor.string(), value(cursor))
    cursor.leave()
    return map
  }
}

function createRecordReader(type: types.RecordType, form: Form, readers: Map<Type, AvroRead>): AvroRead {
  const read = type.fields.map(field => ({
    name: field.name,
    value: getReader(field.type, form, readers),
    isOptional: form.omitsNull && nullDefaults.get(type)?.has(field.name) === true,
  }))
  return cursor => {
    const record: Record<string, unknown> = {}
    cursor.enter()
    let field = ''
    try {
      for (const { name, value, isOptional } of read) {
        field = name
        const one = value(cursor)
        if (one !== null || !isOptional) put(record, name, one)
      }
    } catch (error) {
      throw UndecodableError.within(field, error)
    }
    cursor.leave()
    return record
  }
}
