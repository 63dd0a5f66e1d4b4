import avro, { type Schema as AvroSchema, type Type } from 'avsc'
import type { Schema } from './client.ts'
import type { Codec } from './codec.ts'
import { avroEncoder } from './encode-avro.ts'
import { UndecodableError } from './wire.ts'

/** Part of JavaScript, but not yet in TypeScript's types. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** A 64-bit long as bigint: avsc rejects numbers beyond 2^53. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(value)
    return buffer
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})

/** Avro. The JSON form omits the branch of a union and writes bytes as text, one character per byte. */
export function codecFor({ text, references }: Schema): Codec {
  const type = compile(text, references)
  // Most codecs only read: what writes is compiled when it is needed.
  let compiled: ReturnType<typeof avroEncoder> | undefined
  const encoder = () => (compiled ??= avroEncoder({ text, references }))
  return {
    format: 'AVRO',
    decode(body) {
      try {
        return toJson(type.fromBuffer(body))
      } catch (error) {
        throw new UndecodableError(`it does not match its schema: ${(error as Error).message}`)
      }
    },
    encode: data => encoder()(data),
  }
}

function compile(text: string, references: Schema['references']): Type {
  try {
    const options = {
      registry: {},
      wrapUnions: 'always' as const,
      typeHook: (schema: AvroSchema) => (isLong(schema) ? LONG : undefined),
    }
    for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text), options)
    return avro.Type.forSchema(JSON.parse(text), options)
  } catch (error) {
    throw new UndecodableError(`its schema cannot be used: ${(error as Error).message}`)
  }
}

function isLong(schema: AvroSchema): boolean {
  return schema === 'long' || (typeof schema === 'object' && 'type' in schema && schema.type === 'long')
}

/** The replacer reads the original value, before `toJSON` turns a Buffer into an object. */
function toJson(value: unknown): string {
  return JSON.stringify({ value }, function (this: Record<string, unknown>, key) {
    return plain(this[key])
  }).slice('{"value":'.length, -1)
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(value.toString())
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  return isBranch(value) ? plain(value.unwrap()) : value
}

function isBranch(value: unknown): value is { unwrap(): unknown } {
  return typeof (value as { unwrap?: unknown } | null | undefined)?.unwrap === 'function'
}
