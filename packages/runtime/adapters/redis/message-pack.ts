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
  const buffer = Buffer.allocUnsafe(roomFor(item, 'utf8'))
  return buffer.subarray(0, write(item, buffer, 0, 'utf8'))
}

type Encoding = 'utf8' | 'latin1'

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

const MAX_HEADER_BYTES = 5
const NUMBER_BYTES = 9

function roomFor(item: Packable, encoding: Encoding): number {
  if (typeof item === 'string') return MAX_HEADER_BYTES + Buffer.byteLength(item, encoding)
  if (typeof item === 'number') return NUMBER_BYTES
  if (item instanceof Bytes) return roomFor(item.content, 'latin1')
  if (isList(item))
    return item.reduce<number>((room, inner) => room + roomFor(inner, encoding), MAX_HEADER_BYTES)
  return listEntries(item).reduce(
    (room, [name, inner]) => room + roomFor(name, encoding) + roomFor(inner, encoding),
    MAX_HEADER_BYTES,
  )
}

/** Writes an item to the buffer. Returns the offset after the item. */
function write(item: Packable, buffer: Buffer, at: number, encoding: Encoding): number {
  if (typeof item === 'string') return writeString(item, buffer, at, encoding)
  if (typeof item === 'number') {
    buffer[at] = DOUBLE
    return buffer.writeDoubleBE(item, at + 1)
  }
  if (item instanceof Bytes) return write(item.content, buffer, at, 'latin1')
  if (isList(item)) {
    buffer[at] = LIST
    const from = buffer.writeUInt32BE(item.length, at + 1)
    return item.reduce<number>((end, inner) => write(inner, buffer, end, encoding), from)
  }
  const entries = listEntries(item)
  buffer[at] = MAP
  const from = buffer.writeUInt32BE(entries.length, at + 1)
  return entries.reduce(
    (end, [name, inner]) => write(inner, buffer, write(name, buffer, end, encoding), encoding),
    from,
  )
}

function writeString(text: string, buffer: Buffer, at: number, encoding: Encoding): number {
  // A character takes at most three bytes in UTF-8.
  if (text.length <= 10) {
    const length = buffer.write(text, at + 1, encoding)
    buffer[at] = SHORT_STRING | length
    return at + 1 + length
  }
  const length = buffer.write(text, at + 5, encoding)
  buffer[at] = STRING
  return buffer.writeUInt32BE(length, at + 1) + length
}

function isList(item: object): item is readonly Packable[] {
  return Array.isArray(item)
}

function listEntries(
  item: Exclude<Packable, string | number | Bytes | readonly Packable[]>,
): (readonly [string | number, Packable])[] {
  if (item instanceof Map) return [...item]
  return Object.entries(item).filter((entry): entry is [string, Packable] => entry[1] !== undefined)
}
