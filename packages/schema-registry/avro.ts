import avro, { type Type } from 'avsc'
import type { Schema } from './client.ts'
import type { Codec } from './codec.ts'
import { avroEncoder } from './encode-avro.ts'
import { UndecodableError } from './errors.ts'
import { avroReader } from './read-avro.ts'
import { matching } from './wire.ts'

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
    decode: body => matching(() => JSON.stringify(readForText(body))),
    read: body => matching(() => read(body)),
    encode: data => encoder()(data),
  }
}

function compile(text: string, references: Schema['references']): Type {
  try {
    const options = { registry: {}, wrapUnions: 'always' as const }
    for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text), options)
    return avro.Type.forSchema(JSON.parse(text), options)
  } catch (error) {
    throw new UndecodableError(`its schema cannot be used: ${(error as Error).message}`)
  }
}
