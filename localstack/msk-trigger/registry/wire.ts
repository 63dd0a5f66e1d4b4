/** A key or a value that a Confluent serializer wrote. */
export interface Framed {
  readonly schemaId: number
  /** What follows the id. In Protobuf it begins with the message index. */
  readonly body: Buffer
}

/** Bytes that cannot be read with their schema. Rule 15: DESERIALIZATION_ERROR. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError'
}

/**
 * Takes the schema's id off: a zero byte and four bytes of the id come before the data.
 *
 * @throws UndecodableError where they do not: the record was not written with a registry.
 */
export function unframe(bytes: Buffer): Framed {
  if (bytes.length < 5 || bytes[0] !== 0) {
    throw new UndecodableError(
      'it does not begin with the id of a schema, as a serializer with a registry writes it',
    )
  }
  return { schemaId: bytes.readInt32BE(1), body: bytes.subarray(5) }
}
