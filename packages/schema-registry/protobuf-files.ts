/** Reads the files of a Protobuf schema. Each file is either text or, as some clients register it, a descriptor in base64. */
import protobuf, { type Namespace, Root, type Type } from 'protobufjs'
import descriptors, { type IDescriptorProto, type IFileDescriptorProto } from 'protobufjs/ext/descriptor.js'
import type { Schema } from './client.ts'
import { base64Bytes } from './json-values.ts'

/** Message that a file declares. Its position in the file is its index. The entry of a map counts in a descriptor, but has no type. */
export interface DeclaredMessage {
  readonly type?: Type
  readonly nested: readonly DeclaredMessage[]
}

interface ProtobufFile {
  readonly messages: readonly DeclaredMessage[]
  readonly imports: readonly string[]
}

/** Returns the messages of a schema in the order of its file. @throws Error if the schema cannot be used */
export function declaredMessages({ text, references }: Omit<Schema, 'format'>): readonly DeclaredMessage[] {
  const root = new Root()
  const file = addFile(root, text)
  const files = [file, ...references.map(reference => addFile(root, reference.text))]
  const registered = references.map(({ name }) => name)
  for (const name of new Set(files.flatMap(({ imports }) => imports))) {
    const commonFile = registered.includes(name) ? undefined : protobuf.common.get(name)
    if (commonFile?.nested) root.addJSON(commonFile.nested)
  }
  // Extensions of messages that the schema does not contain, such as options of fields, are not needed to read data.
  root.deferred = []
  root.resolveAll()
  return file.messages
}

function addFile(root: Root, text: string): ProtobufFile {
  const bytes = base64Bytes(text)
  if (bytes) return addDescriptor(root, bytes)
  const { package: name, imports = [], weakImports = [] } = protobuf.parse(text, root)
  const messages = collectMessages(name ? (root.lookup(name) as Namespace) : root)
  return { messages, imports: [...imports, ...weakImports] }
}

function collectMessages({ nestedArray }: Namespace): DeclaredMessage[] {
  const types = nestedArray.filter(nested => nested instanceof protobuf.Type)
  return types.map(type => ({ type, nested: collectMessages(type) }))
}

function addDescriptor(root: Root, bytes: Buffer): ProtobufFile {
  const file = descriptors.FileDescriptorProto.decode(bytes)
  const {
    package: name,
    messageType = [],
    enumType = [],
    dependency: imports = [],
  } = file as IFileDescriptorProto
  const parent = name ? root.define(name) : root
  const context = readSyntax(file)
  for (const message of messageType) parent.add(protobuf.Type.fromDescriptor(setFieldNames(message), context))
  for (const values of enumType) parent.add(protobuf.Enum.fromDescriptor(values, context))
  return { messages: messageType.map(message => toDeclaredMessage(parent, message)), imports }
}

/** Returns the descriptor with the names of fields that the parser of text gives them. */
function setFieldNames(message: IDescriptorProto): IDescriptorProto {
  for (const field of message.field ?? []) field.jsonName = protobuf.util.camelCase(field.name ?? '')
  message.nestedType?.forEach(setFieldNames)
  return message
}

function toDeclaredMessage(
  parent: Namespace,
  { name = '', nestedType = [] }: IDescriptorProto,
): DeclaredMessage {
  const type = parent.get(name)
  if (!(type instanceof protobuf.Type)) return { nested: [] }
  return { type, nested: nestedType.map(nested => toDeclaredMessage(type, nested)) }
}

/** Returns the syntax of a file, or its edition and the features that the file sets for all its messages. */
function readSyntax(file: protobuf.Message) {
  const { syntax, edition, options } = descriptors.FileDescriptorProto.toObject(file, { enums: String })
  if (syntax !== 'editions') return { edition: syntax || 'proto2' }
  const snakeCase = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  const features = Object.entries(options?.features ?? {}).map(([name, value]) => [snakeCase(name), value])
  return { edition: String(edition).replace('EDITION_', ''), features: Object.fromEntries(features) }
}
