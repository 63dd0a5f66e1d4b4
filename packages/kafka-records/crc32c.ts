/**
 * CRC-32C (RFC 3720, appendix B.4), the checksum of record batches. It is computed for eight bytes at a time ("slicing by eight").
 * The CRC-32 of Node.js uses another polynomial.
 */
import { endianness } from 'node:os'

/** Polynomial of CRC-32C, with its bits in reverse order. */
const POLYNOMIAL = 0x82f63b78

const T0 = Int32Array.from({ length: 256 }, (_, byte) => afterByte(byte))
const T1 = shiftTable(T0)
const T2 = shiftTable(T1)
const T3 = shiftTable(T2)
const T4 = shiftTable(T3)
const T5 = shiftTable(T4)
const T6 = shiftTable(T5)
const T7 = shiftTable(T6)

/** True on little-endian machines. Nearly all machines are little-endian. */
const IS_LOWEST_FIRST = endianness() === 'LE'

export function crc32c(bytes: Buffer): number {
  // A typed array can start only at a multiple of the size of its numbers.
  const begin = Math.min(bytes.length, -bytes.byteOffset & 3)
  const pairs = IS_LOWEST_FIRST ? (bytes.length - begin) >> 3 : 0
  const end = begin + 8 * pairs
  let crc = byteByByte(-1, bytes, 0, begin)
  const numbers = new Int32Array(bytes.buffer, pairs > 0 ? bytes.byteOffset + begin : 0, 2 * pairs)
  for (let at = 0; at < numbers.length; at += 2) {
    const first = (numbers[at] as number) ^ crc
    const second = numbers[at + 1] as number
    crc =
      (T7[first & 0xff] as number) ^
      (T6[(first >>> 8) & 0xff] as number) ^
      (T5[(first >>> 16) & 0xff] as number) ^
      (T4[first >>> 24] as number) ^
      (T3[second & 0xff] as number) ^
      (T2[(second >>> 8) & 0xff] as number) ^
      (T1[(second >>> 16) & 0xff] as number) ^
      (T0[second >>> 24] as number)
  }
  return (byteByByte(crc, bytes, end, bytes.length) ^ -1) >>> 0
}

function byteByByte(crc: number, bytes: Buffer, begin: number, end: number): number {
  let next = crc
  for (let at = begin; at < end; at += 1)
    next = (next >>> 8) ^ (T0[(next ^ (bytes[at] as number)) & 0xff] as number)
  return next
}

function afterByte(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}

/** Returns the next lookup table, for bytes that are followed by one more byte. */
function shiftTable(table: Int32Array): Int32Array {
  return table.map(crc => (crc >>> 8) ^ (T0[crc & 0xff] as number))
}
