/** Generates Avro and Protobuf schemas from the JSON Schemas of event types that support binary data. */
import { BINARY_TYPES, EVENT_TYPES, type EventFormat, toFileName } from '../../lib/schemas/event-types.ts'
import {
  buildRecord,
  type FieldType,
  type RecordField,
  type RecordType,
  type Scalar,
} from './record-types.ts'

/** Generated Avro or Protobuf schema. */
export interface BinarySchema {
  readonly type: string
  readonly file: URL
  /**
   * Returns the text of the schema.
   *
   * @throws Error if Avro or Protobuf cannot express the JSON Schema
   */
  text(): string
}

/** Returns the generated schemas of one format, in the order of the table of event types. */
export function binarySchemas(format: Exclude<EventFormat, 'json'>): BinarySchema[] {
  const { extension, write } = FORMATS[format]
  return BINARY_TYPES.map(type => ({
    type,
    file: new URL(`../../events/schemas/${format}/${toFileName(type)}.${extension}`, import.meta.url),
    text: () => write(type.replaceAll('-', '_'), buildRecord(type, EVENT_TYPES[type])),
  }))
}

const FORMATS = {
  avro: { extension: 'avsc', write: avroText },
  protobuf: { extension: 'proto', write: protobufText },
} as const

const AVRO_SCALARS: Readonly<Record<Scalar, string>> = {
  string: 'string',
  number: 'double',
  boolean: 'boolean',
  uint32: 'int',
  int32: 'int',
  int64: 'long',
}

function avroText(namespace: string, { record: name, doc, fields }: RecordType): string {
  const record = { type: 'record', name, namespace, ...toDocProperty(doc), fields: fields.map(avroField) }
  return `${JSON.stringify(record, null, 2)}\n`
}

function avroField({ name, doc, type, isOptional }: RecordField): object {
  const plain = avroType(type)
  const typed = isOptional ? { type: ['null', plain], default: null } : { type: plain }
  return { name, ...toDocProperty(doc), ...typed }
}

function avroType(type: FieldType): unknown {
  if (typeof type === 'string') return AVRO_SCALARS[type]
  if ('list' in type) return { type: 'array', items: avroType(type.list) }
  if ('map' in type) return { type: 'map', values: avroType(type.map) }
  return { type: 'record', name: type.record, ...toDocProperty(type.doc), fields: type.fields.map(avroField) }
}

function toDocProperty(doc: string | undefined): { readonly doc?: string } {
  return doc === undefined ? {} : { doc }
}

function protobufText(namespace: string, record: RecordType): string {
  const messages = [record, ...nestedIn(record)].map(messageText)
  return `syntax = "proto3";\n\npackage ${namespace};\n\n${messages.join('\n')}`
}

function messageText({ record, doc, fields }: RecordType): string {
  const lines = fields.map(
    (field, index) => `${comment(field.doc, '  ')}  ${protobufField(field)} = ${index + 1};\n`,
  )
  return `${comment(doc, '')}message ${record} {\n${lines.join('')}}\n`
}

function protobufField({ name, type, isOptional }: RecordField): string {
  const snake = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  if (typeof type === 'object' && 'list' in type) return `repeated ${protobufType(type.list)} ${snake}`
  // Protobuf tracks the presence of messages, so they do not need `optional`. For maps, `optional` is not allowed.
  return `${isOptional && typeof type === 'string' ? 'optional ' : ''}${protobufType(type)} ${snake}`
}

function protobufType(type: FieldType): string {
  if (type === 'boolean') return 'bool'
  if (typeof type === 'string') return type === 'number' ? 'double' : type
  if ('list' in type) throw new Error('Protobuf has no list of lists and no map of lists')
  return 'map' in type ? `map<string, ${protobufType(type.map)}>` : type.record
}

/**
 * Returns the fields of a Protobuf schema that do not have the same number in a newer version, or are missing there. Existing data
 * with such fields could no longer be read.
 */
export function lostFields(before: string, after: string): string[] {
  const newFields = fieldsIn(after)
  return [...fieldsIn(before)].filter(field => !newFields.has(field))
}

/** Returns all fields of a schema, each with its message, type and number. */
function fieldsIn(text: string): ReadonlySet<string> {
  const fields = new Set<string>()
  let message = ''
  for (const line of text.split('\n')) {
    message = /^message (\w+)/.exec(line)?.[1] ?? message
    const field = /^ {2}(\w.*);$/.exec(line)?.[1]
    if (field !== undefined) fields.add(`${message}: ${field}`)
  }
  return fields
}

function nestedIn({ fields }: RecordType): RecordType[] {
  return fields.flatMap(({ type }) => {
    const inner = unwrapType(type)
    return typeof inner === 'string' ? [] : [inner, ...nestedIn(inner)]
  })
}

function unwrapType(type: FieldType): Scalar | RecordType {
  if (typeof type === 'string' || 'record' in type) return type
  return unwrapType('list' in type ? type.list : type.map)
}

function comment(doc: string | undefined, indent: string): string {
  return doc === undefined ? '' : `${indent}// ${doc}${/[.…]$/.test(doc) ? '' : '.'}\n`
}
