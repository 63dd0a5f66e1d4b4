/** The wire format of serializers that use a schema registry: a zero byte and the four bytes of the schema's id before the data. */

export const FRAME_BYTES = 5

/** Returns true if the bytes begin like the wire format. JSON text never begins with a zero byte. */
export function isFramed(bytes: Buffer): boolean {
  return bytes.length >= FRAME_BYTES && bytes[0] === 0
}

/** Returns data in the wire format, with a schema id before the data. */
export function framedWith(schemaId: number, body: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_BYTES + body.length)
  framed[0] = 0
  framed.writeUInt32BE(schemaId, 1)
  body.copy(framed, FRAME_BYTES)
  return framed
}
