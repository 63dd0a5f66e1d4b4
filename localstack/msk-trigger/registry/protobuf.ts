import protobuf, { type Message, type Namespace, type Root, type Type } from 'protobufjs'
import type { Schema } from './client.ts'
import type { Codec } from './codec.ts'
import { UndecodableError } from './wire.ts'

/** As the JSON form of Protobuf has it: long numbers and bytes are texts, enums are names. */
const JSON_FORM = { longs: String, enums: String, bytes: String, json: true }

/** These have a JSON form of their own, which protobufjs leaves to its users. */
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
})

interface Moment {
  readonly seconds?: number | { toString(): string }
  readonly nanos?: number
}

/** Data in Protobuf. Which message of the schema it is, is said in front of it. */
export function codecFor({ text, references }: Schema): Codec {
  const declared = compile(text, references)
  return {
    format: 'PROTOBUF',
    decode(body) {
      try {
        const reader = protobuf.Reader.create(body)
        const type = messageType(declared, messageIndex(reader))
        return JSON.stringify(type.toObject(type.decode(reader), JSON_FORM))
      } catch (error) {
        throw new UndecodableError(`it does not keep to its schema: ${(error as Error).message}`)
      }
    },
  }
}

/** The messages of the schema itself, in the order of the text: by it they are numbered. */
function compile(text: string, references: Schema['references']): readonly Type[] {
  try {
    const root = new protobuf.Root()
    const { package: name } = protobuf.parse(text, root)
    const declared = messagesOf(name ? (root.lookup(name) as Namespace) : root)
    for (const reference of references) protobuf.parse(reference.text, root)
    addWellKnown(root, [text, ...references.map(reference => reference.text)])
    root.resolveAll()
    return declared
  } catch (error) {
    throw new UndecodableError(`its schema cannot be used: ${(error as Error).message}`)
  }
}

/** `google/protobuf/*.proto`, which no registry keeps. */
function addWellKnown(root: Root, texts: readonly string[]): void {
  const imports = texts.flatMap(text => [...text.matchAll(/import\s+(?:public\s+)?"([^"]+)"/g)])
  for (const name of new Set(imports.map(([, file]) => file as string))) {
    const known = protobuf.common.get(name)
    if (known?.nested) root.addJSON(known.nested)
  }
}

function messagesOf(parent: Namespace): Type[] {
  return parent.nestedArray.filter(nested => nested instanceof protobuf.Type)
}

/** The place of the message: its number in the file, then in that message, and so on. A lone 0 is the first one. */
function messageIndex(reader: protobuf.Reader): readonly number[] {
  const length = reader.sint32()
  return length === 0 ? [0] : Array.from({ length }, () => reader.sint32())
}

function messageType(declared: readonly Type[], index: readonly number[]): Type {
  let type: Type | undefined
  for (const at of index) type = (type ? messagesOf(type) : declared)[at]
  if (!type) throw new Error(`its schema has no message ${index.join('.')}`)
  return type
}

function jsonForm(toJson: (message: Message) => unknown) {
  return {
    // protobufjs wants both, and here nothing is ever read from JSON.
    fromObject(this: Type, object: Readonly<Record<string, unknown>>): Message {
      return this.fromObject(object)
    },
    toObject: toJson,
  }
}

/** `.5` as `.500`: three, six or nine digits, or nothing. */
function fraction(nanos: number): string {
  if (nanos === 0) return ''
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(000){1,2}$/, '')}`
}
