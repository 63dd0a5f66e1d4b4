/** Generates Avro and Protobuf schemas from JSON Schemas. Pure. */
import type { EventFormat, EventTypeRow } from './event-types.ts'
import { type JsonSchema, type ReadSchema, refuseReferences } from './json-schema.ts'
import {
  buildRecord,
  type FieldType,
  type RecordField,
  type RecordType,
  type Scalar,
} from './record-types.ts'

/**
 * Returns the text of the Avro or Protobuf schema of an event type.
 *
 * @param root JSON Schema of the type
 * @param readSchema returns the schemas to which it refers
 * @throws Error if the format cannot express the JSON Schema
 */
export function writeBinarySchema(
  format: Exclude<EventFormat, 'json'>,
  type: string,
  row: Pick<EventTypeRow, 'record' | 'binary'>,
  root: JsonSchema,
  readSchema: ReadSchema = refuseReferences,
): string {
  const write = format === 'avro' ? avroText : protobufText
  return write(toNamespace(type), buildRecord(type, row, root, readSchema))
}

/** Returns a type as a namespace, whose names are not empty and do not begin with a digit. */
function toNamespace(type: string): string {
  const names = type.replaceAll('-', '_').split('.')
  return names.flatMap(name => (name === '' ? [] : name.replace(/^(?=\d)/, '_'))).join('.')
}

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
  const messages = [record, ...listNested(record)].map(messageText)
  return `syntax = "proto3";\n\npackage ${namespace};\n\n${messages.join('\n')}`
}

function messageText({ record, doc, fields }: RecordType): string {
  const lines = fields.map(
    field => `${comment(field.doc, '  ')}  ${protobufField(field)} = ${field.number};\n`,
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

function listNested({ fields }: RecordType): RecordType[] {
  return fields.flatMap(({ type }) => {
    const inner = unwrapType(type)
    return typeof inner === 'string' ? [] : [inner, ...listNested(inner)]
  })
}

function unwrapType(type: FieldType): Scalar | RecordType {
  if (typeof type === 'string' || 'record' in type) return type
  return unwrapType('list' in type ? type.list : type.map)
}

function comment(doc: string | undefined, indent: string): string {
  return doc === undefined ? '' : `${indent}// ${doc}${/[.…]$/.test(doc) ? '' : '.'}\n`
}
