import { UndecodableError } from './errors.ts'

/** A key or value in Confluent's wire format. */
export interface Framed {
  readonly schemaId: number
  /** Data after the schema id. For Protobuf, it starts with the message index. */
  readonly body: Buffer
}

/**
 * Removes the prefix of the wire format: a zero byte and the four bytes of the schema id.
 *
 * @throws UndecodableError if the prefix is missing
 */
export function unframe(bytes: Buffer): Framed {
  if (bytes.length < 5 || bytes[0] !== 0) {
    throw new UndecodableError(
      'it does not start with a schema id, as a serializer that uses a registry writes it',
    )
  }
  return { schemaId: bytes.readInt32BE(1), body: bytes.subarray(5) }
}

/** Prepends the prefix of the wire format. The data must have been encoded with the schema of this id. */
export function frame(schemaId: number, body: Buffer): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeInt32BE(schemaId, 1)
  return Buffer.concat([prefix, body])
}
