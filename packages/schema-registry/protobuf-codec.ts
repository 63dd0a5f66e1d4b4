import protobuf, { type Namespace, Root, type Type } from 'protobufjs'
import descriptors, { type IDescriptorProto, type IFileDescriptorProto } from 'protobufjs/ext/descriptor.js'
import type { Schema } from './client.ts'
import type { Codec, DataForm } from './codec.ts'
import { protobufEncoder } from './encode-protobuf.ts'
import { requireMatch, UndecodableError } from './errors.ts'
import { base64Bytes } from './json-values.ts'
import { protobufReader } from './read-protobuf.ts'

const FIRST_MESSAGE = Buffer.of(0)

/**
 * Returns the codec of a Protobuf schema. Framed data starts with a message index, which selects the message. Plain data uses the
 * first message of the schema, and so does all encoded data.
 */
export function codecFor(schema: Schema, form: DataForm = 'framed'): Codec {
  const declared = compile(schema)
  const [plain, json] = [protobufReader('plain'), protobufReader('json')]
  let compiled: ReturnType<typeof protobufEncoder> | undefined
  const encoder = () => (compiled ??= protobufEncoder(requireMessageType(declared, [0])))
  const decodeMessage = (body: Buffer) => {
    const reader = protobuf.Reader.create(body)
    const type = requireMessageType(declared, form === 'plain' ? [0] : readMessageIndex(reader))
    return { message: type.decode(reader), type }
  }
  return {
    format: 'PROTOBUF',
    decode: body =>
      requireMatch(() => {
        const { message, type } = decodeMessage(body)
        return JSON.stringify(json(message, type))
      }),
    read: body =>
      requireMatch(() => {
        const { message, type } = decodeMessage(body)
        return plain(message, type)
      }),
    encode(data) {
      const message = encoder()(data)
      return form === 'plain' ? message : Buffer.concat([FIRST_MESSAGE, message])
    },
  }
}

function compile(schema: Schema): readonly DeclaredMessage[] {
  try {
    return declaredMessages(schema)
  } catch (error) {
    throw new UndecodableError(`its schema cannot be used: ${(error as Error).message}`)
  }
}

const DEEPEST_INDEX = 100

/** Reads a message index: the path of a message, as its number in the file, then its number within that message, and so on. */
function readMessageIndex(reader: protobuf.Reader): readonly number[] {
  const length = reader.sint32()
  if (length < 0 || length > DEEPEST_INDEX) throw new Error('its message index has an impossible length')
  return length === 0 ? [0] : Array.from({ length }, () => reader.sint32())
}

function requireMessageType(declared: readonly DeclaredMessage[], index: readonly number[]): Type {
  let at: Partial<DeclaredMessage> | undefined = { nested: declared }
  for (const position of index) at = at?.nested?.[position]
  const type = at?.type
  if (!type) throw new Error(`it names message ${index.join('.')}, which the schema does not have`)
  return type
}

/** Message that a file declares. Its position in the file is its index. The entry of a map counts in a descriptor, but has no type. */
interface DeclaredMessage {
  readonly type?: Type
  readonly nested: readonly DeclaredMessage[]
}

interface ProtobufFile {
  readonly messages: readonly DeclaredMessage[]
  readonly imports: readonly string[]
}

/** Returns the messages of a schema in the order of its file. @throws Error if the schema cannot be used */
function declaredMessages({ text, references }: Omit<Schema, 'format'>): readonly DeclaredMessage[] {
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
  const { package: name, imports = [], weakImports = [] } = protobuf.parse(text, root, { keepCase: true })
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
  const context = { ...readSyntax(file), keepCase: true }
  for (const message of messageType) parent.add(protobuf.Type.fromDescriptor(message, context))
  for (const values of enumType) parent.add(protobuf.Enum.fromDescriptor(values, context))
  return { messages: messageType.map(message => toDeclaredMessage(parent, message)), imports }
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
