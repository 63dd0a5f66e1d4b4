import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bucketsOf, packList, unpackBucket } from '../../../../lib/runtime/adapters/redis/packing.ts'

type Unpacked = string | Unpacked[]

/** MessagePack, as far as it is used, read by its specification; bytes as latin1. */
function unpack(packed: Buffer): Unpacked {
  let at = 0
  const take = (length: number) => {
    at += length
    return packed.subarray(at - length, at)
  }
  const next = (): Unpacked => {
    const format = take(1)[0] as number
    if ((format & 0xe0) === 0xa0) return take(format & 0x1f).toString('latin1')
    const length = take(4).readUInt32BE()
    if (format === 0xdb) return take(length).toString('latin1')
    assert.equal(format, 0xdd)
    return Array.from({ length }, next)
  }
  const unpacked = next()
  assert.equal(at, packed.length)
  return unpacked
}

type Item = string | Buffer | Item[]

const asBytes = (item: Item): Unpacked =>
  Array.isArray(item) ? item.map(asBytes) : Buffer.from(item as string).toString('latin1')

describe('a packed list', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(fc.constantFrom('€', 'ÿ', 'a', '\ud800', '🌡'), { maxLength: 33 }).map(parts => parts.join('')),
    fc.constantFrom('', 'x'.repeat(65_535), 'x'.repeat(65_536), '€'.repeat(70_000)),
  )
  const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))

  it('given texts of any length and script, bytes, and lists of them, then each comes out as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, bytes, fc.array(text, { maxLength: 3 }))), items => {
        assert.deepEqual(unpack(packList(items)), asBytes(items))
      }),
    )
  })

  it('given texts of any number of bytes around the limit of the short form, then each comes out as it was', () => {
    for (const character of ['a', 'ÿ', '€', '🌡'])
      for (let count = 0; count <= 40; count += 1) {
        const item = character.repeat(count)
        assert.deepEqual(unpack(packList([item])), asBytes([item]), `${count} of ${character}`)
      }
  })

  it('given latin1, then a character is a byte', () => {
    for (const length of [0, 1, 10, 11, 31, 32, 300]) {
      const item = '\xff\x00\x80'.repeat(length).slice(0, length)
      assert.deepEqual(unpack(packList([item], 'latin1')), [item])
    }
  })
})

describe('ids in their buckets', () => {
  const remembered = (id: string, appliedAtMs: number) => ({
    id: id.padEnd(12, '.'),
    digest: id.padEnd(8, '\xff'),
    appliedAtMs,
  })

  it('given several that share a bucket, then each comes out, the last that was given first', () => {
    const ids = [remembered('ab1', 1), remembered('ab2', 2), remembered('ab3', 2 ** 47)]
    const [[name, content]] = bucketsOf(ids.slice(0, 2)).get(0) as [[string, string]]
    const unpacked = unpackBucket(Buffer.from(name, 'latin1'), Buffer.from(content, 'latin1'))
    assert.deepEqual(unpacked, [ids[1], ids[0]])
  })

  it('given ids of several hours, then each lies in the generation of its own', () => {
    const hour = 3_600_000
    const ids = [remembered('ab1', hour - 1), remembered('ab2', hour), remembered('cd3', hour)]
    const found = [...bucketsOf(ids)].map(([generation, buckets]) => [generation, buckets.length])
    assert.deepEqual(found, [
      [0, 1],
      [1, 2],
    ])
  })
})
