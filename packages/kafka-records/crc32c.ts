/**
 * CRC-32C (RFC 3720, appendix B.4): the checksum of record batches. Node's own `crc32` has another polynomial. Eight bytes are
 * taken at a time, with a table for each of them ("slicing by eight").
 */

/** The polynomial, with its bits reversed. */
const POLYNOMIAL = 0x82f63b78

const T0 = Int32Array.from({ length: 256 }, (_, byte) => afterByte(byte))
const T1 = shifted(T0)
const T2 = shifted(T1)
const T3 = shifted(T2)
const T4 = shifted(T3)
const T5 = shifted(T4)
const T6 = shifted(T5)
const T7 = shifted(T6)

/** The checksum as an unsigned number. */
export function crc32c(bytes: Buffer): number {
  let crc = -1
  let at = 0
  const byte = (offset: number) => bytes[at + offset] as number
  for (const end = bytes.length & ~7; at < end; at += 8)
    crc =
      (T7[(crc ^ byte(0)) & 0xff] as number) ^
      (T6[((crc >>> 8) ^ byte(1)) & 0xff] as number) ^
      (T5[((crc >>> 16) ^ byte(2)) & 0xff] as number) ^
      (T4[(crc >>> 24) ^ byte(3)] as number) ^
      (T3[byte(4)] as number) ^
      (T2[byte(5)] as number) ^
      (T1[byte(6)] as number) ^
      (T0[byte(7)] as number)
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ (T0[(crc ^ byte(0)) & 0xff] as number)
  return (crc ^ -1) >>> 0
}

function afterByte(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}

/** The table for a byte that is followed by one more. */
function shifted(table: Int32Array): Int32Array {
  return table.map(crc => (crc >>> 8) ^ (T0[crc & 0xff] as number))
}
