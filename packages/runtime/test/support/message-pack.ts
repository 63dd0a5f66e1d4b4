import assert from 'node:assert/strict'

export type Unpacked = string | number | Unpacked[] | Map<Unpacked, Unpacked>

/** Decodes the subset of MessagePack that the scripts use. Strings are decoded as latin1, with one character per byte. */
export function unpacked(packed: Buffer): Unpacked {
  let at = 0
  const take = (length: number) => {
    at += length
    return packed.subarray(at - length, at)
  }
  const next = (): Unpacked => {
    const format = take(1)[0] as number
    if ((format & 0xe0) === 0xa0) return take(format & 0x1f).toString('latin1')
    if (format === 0xcb) return take(8).readDoubleBE()
    const length = take(4).readUInt32BE()
    if (format === 0xdb) return take(length).toString('latin1')
    if (format === 0xdd) return Array.from({ length }, next)
    assert.equal(format, 0xdf)
    return new Map(Array.from({ length }, () => [next(), next()]))
  }
  const all = next()
  assert.equal(at, packed.length)
  return all
}
