/** The values of headers: bytes, in whichever form somebody handed them over. */
import { isUtf8 } from 'node:buffer'

/** Lambda hands over numbers, which may be signed. A record has many and small ones: who needs no bytes makes none. */
export type HeaderBytes = Buffer | readonly number[]

export function bufferOf(bytes: HeaderBytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)
}

/** Undefined where the bytes are not UTF-8. */
export function textOf(bytes: HeaderBytes): string | undefined {
  return asciiOf(bytes) ?? utf8Of(bufferOf(bytes))
}

/** Keeps the list of arguments within what a call takes. */
const SHORT = 1_000

/** What is short and ASCII, as nearly all is, in a quarter of the time that a buffer takes. */
function asciiOf(bytes: HeaderBytes): string | undefined {
  if (Buffer.isBuffer(bytes) || bytes.length > SHORT) return undefined
  let bits = 0
  for (const byte of bytes) bits |= byte
  return (bits & ~0x7f) === 0 ? String.fromCharCode(...bytes) : undefined
}

function utf8Of(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}
