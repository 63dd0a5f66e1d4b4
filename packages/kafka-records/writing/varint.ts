/** Writes variable-length numbers of Kafka's record format: zigzag-encoded, with seven bits per byte, lowest bits first. */

/** Exclusive bound for numbers whose zigzag encoding has at most 31 bits and can be computed with 32-bit operations. */
const SMALL = 2 ** 30

/** Returns the number of bytes that `writeVarint` writes. */
export function varintBytes(value: number): number {
  if (value >= -SMALL && value < SMALL) {
    const folded = (value << 1) ^ (value >> 31)
    if (folded < 0x80) return 1
    if (folded < 0x4000) return 2
    if (folded < 0x200000) return 3
    return folded < 0x10000000 ? 4 : 5
  }
  let bytes = 1
  for (let rest = Math.floor(fold(value) / 128); rest > 0; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Writes an integer of at most 52 bits. @returns the position after the integer */
export function writeVarint(bytes: Buffer, begin: number, value: number): number {
  let at = begin
  if (value >= -SMALL && value < SMALL) {
    let folded = (value << 1) ^ (value >> 31)
    while (folded > 0x7f) {
      bytes[at++] = (folded & 0x7f) | 0x80
      folded >>>= 7
    }
    bytes[at++] = folded
    return at
  }
  let rest = fold(value)
  while (rest > 0x7f) {
    bytes[at++] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

function fold(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}
