import protobuf, { type IConversionOptions, type Message, type Namespace, Root, type Type } from 'protobufjs'
import descriptors, { type IDescriptorProto, type IFileDescriptorProto } from 'protobufjs/ext/descriptor.js'
import type { Schema } from './client.ts'
import type { Codec, DataForm } from './codec.ts'
import { protobufEncoder } from './encode-protobuf.ts'
import { requireMatch, UndecodableError } from './errors.ts'
import { base64Bytes } from './json-values.ts'
import { protobufReader } from './read-protobuf.ts'
import { WRAPPER_NAMES } from './well-known.ts'

/** Options for Protobuf's JSON mapping: 64-bit numbers and bytes are text, and enums are names. */
const JSON_FORM = { longs: String, enums: String, bytes: String, json: true }

/** Conversions for types with a special JSON form that protobufjs does not implement. */
Object.assign(protobuf.wrappers, {
  '.google.protobuf.Timestamp': jsonForm(message => {
    const { seconds = 0, nanos = 0 } = message as unknown as Moment
    return new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, `${fraction(nanos)}Z`)
  }),
  '.google.protobuf.Duration': jsonForm(message => {
    const { seconds = 0, nanos = 0 } = message as unknown as Moment
    const sign = Number(seconds) < 0 || nanos < 0 ? '-' : ''
    return `${sign}${String(seconds).replace('-', '')}${fraction(Math.abs(nanos))}s`
  }),
  ...Object.fromEntries(
    WRAPPER_NAMES.map(name => [
      name,
      jsonForm(function (this: Type, message, options) {
        // `this` has the default conversion of protobufjs.
        return this.toObject(message, { ...options, defaults: true }).value
      }),
    ]),
  ),
})

interface Moment {
  readonly seconds?: number | { toString(): string }
  readonly nanos?: number
}

const FIRST_MESSAGE = Buffer.of(0)

/**
 * Returns the codec of a Protobuf schema. Framed data starts with a message index, which selects the message. Plain data uses the
 * first message of the schema, and so does all encoded data.
 */
export function codecFor(schema: Schema, form: DataForm = 'framed'): Codec {
  const declared = compile(schema)
  const plain = protobufReader()
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
        return JSON.stringify(type.toObject(message, JSON_FORM))
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

function jsonForm(toJson: (this: Type, message: Message, options?: IConversionOptions) => unknown) {
  return {
    // protobufjs requires both functions, although `fromObject` is never called here.
    fromObject(this: Type, object: Readonly<Record<string, unknown>>): Message {
      return this.fromObject(object)
    },
    toObject: toJson,
  }
}

/** Formats nanoseconds as a decimal fraction with three, six or nine digits, such as `.500`. The result is empty for zero. */
function fraction(nanos: number): string {
  if (nanos === 0) return ''
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(000){1,2}$/, '')}`
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
