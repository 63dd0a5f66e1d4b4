/**
 * Encodes the argument of a script: a map in MessagePack, which the server's Lua decodes in one call. A single argument is used
 * because managed caches limit the number of arguments, and each argument costs more than its bytes. Libraries encode bytes with a
 * type that the server's Lua rejects, so bytes are encoded as strings here.
 */

/** A string that contains bytes, one per character. Other strings are encoded as UTF-8. */
export class Bytes {
  readonly content: Packable

  constructor(content: Packable) {
    this.content = content
  }
}

export type Packable =
  | string
  | number
  | Bytes
  | readonly Packable[]
  | ReadonlyMap<string | number, Packable>
  | { readonly [name: string]: Packable | undefined }

/** Encodes a map. Undefined fields are omitted. */
export function pack(item: Packable): Buffer {
  const end = write(item, 0, 'utf8')
  const packed = Buffer.from(room.subarray(0, end))
  if (room.length > KEPT_BYTES) room = Buffer.allocUnsafeSlow(FIRST_BYTES)
  return packed
}

type Encoding = 'utf8' | 'latin1'

const FIRST_BYTES = 64 * 1024
/** A larger buffer is not kept for later calls. */
const KEPT_BYTES = 1024 * 1024

/** Buffer for the map that is being encoded. It is replaced by a larger one as needed. */
let room = Buffer.allocUnsafeSlow(FIRST_BYTES)

function reserve(end: number): void {
  if (end <= room.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * room.length))
  room.copy(larger)
  room = larger
}

/**
 * Type codes of MessagePack, "Formats", that are followed by a length of four bytes. The code of a string
 * below 32 bytes contains the length.
 */
const MAP = 0xdf
const LIST = 0xdd
const STRING = 0xdb
const SHORT_STRING = 0xa0
/** Type code of a double. All numbers are encoded as doubles, because Lua represents all numbers as doubles. */
const DOUBLE = 0xcb

/** Maximum size of a type code with a length or a number, in bytes. */
const CODE_BYTES = 9

/** Writes an item to the buffer. Returns the offset after the item. */
function write(item: Packable, at: number, encoding: Encoding): number {
  if (typeof item === 'string') return writeString(item, at, encoding)
  reserve(at + CODE_BYTES)
  if (typeof item === 'number') {
    room[at] = DOUBLE
    return room.writeDoubleBE(item, at + 1)
  }
  if (item instanceof Bytes) return write(item.content, at, 'latin1')
  let end = at + 5
  let count = 0
  const add = (name: string | number, inner: Packable | undefined) => {
    if (inner === undefined) return
    end = write(inner, write(name, end, encoding), encoding)
    count += 1
  }
  if (isList(item)) {
    for (const inner of item) end = write(inner, end, encoding)
    count = item.length
  } else if (item instanceof Map) for (const [name, inner] of item) add(name, inner)
  else for (const [name, inner] of Object.entries(item)) add(name, inner)
  room[at] = isList(item) ? LIST : MAP
  room.writeUInt32BE(count, at + 1)
  return end
}

function writeString(text: string, at: number, encoding: Encoding): number {
  // A character takes at most three bytes in UTF-8.
  reserve(at + 5 + (encoding === 'utf8' ? 3 : 1) * text.length)
  if (text.length <= 10) {
    const length = room.write(text, at + 1, encoding)
    room[at] = SHORT_STRING | length
    return at + 1 + length
  }
  const length = room.write(text, at + 5, encoding)
  room[at] = STRING
  return room.writeUInt32BE(length, at + 1) + length
}

function isList(item: object): item is readonly Packable[] {
  return Array.isArray(item)
}
