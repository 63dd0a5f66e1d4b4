import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Bytes, type Packable, pack } from '../../../adapters/redis/message-pack.ts'
import { type Unpacked, unpacked } from '../../support/message-pack.ts'

const utf8 = (text: string) => Buffer.from(text).toString('latin1')

describe('a packed value', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(fc.constantFrom('€', 'ÿ', 'a', '\ud800', '🌡'), { maxLength: 33 }).map(parts => parts.join('')),
    fc.constantFrom('', 'x'.repeat(65_535), 'x'.repeat(65_536), '€'.repeat(70_000)),
  )
  const number = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true }))
  /** A value and what it is unpacked to. */
  const pair = fc.oneof(
    text.map((item): [Packable, Unpacked] => [item, utf8(item)]),
    number.map((item): [Packable, Unpacked] => [item, item]),
    fc.uint8Array({ maxLength: 40 }).map((array): [Packable, Unpacked] => {
      const bytes = Buffer.from(array).toString('latin1')
      return [new Bytes(bytes), bytes]
    }),
  )

  it('given texts of any length and script, numbers and bytes in a list, then each comes out as it was', () => {
    fc.assert(
      fc.property(fc.array(pair), pairs => {
        const nested = [...pairs.map(([item]) => item), pairs.map(([item]) => item)]
        const expected = pairs.map(([, item]) => item)
        assert.deepEqual(unpacked(pack(nested)), [...expected, expected])
      }),
    )
  })

  it('given any of them in a map, then each has its name', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(text, number), pair)), list => {
        const names = new Map(list.map(([name, [item]]) => [name, item]))
        const expected = list.map(([name, [, item]]) => [typeof name === 'string' ? utf8(name) : name, item])
        assert.deepEqual(unpacked(pack(names)), new Map(expected as [Unpacked, Unpacked][]))
      }),
    )
  })

  it('given an object with fields that are undefined, then they are left out', () => {
    assert.deepEqual(
      unpacked(pack({ a: 1, b: undefined, c: '' })),
      new Map<Unpacked, Unpacked>([
        ['a', 1],
        ['c', ''],
      ]),
    )
  })

  it('given texts of any number of bytes around the limit of the short form, then each comes out as it was', () => {
    for (const character of ['a', 'ÿ', '€', '🌡'])
      for (let count = 0; count <= 40; count += 1) {
        const item = character.repeat(count)
        assert.deepEqual(unpacked(pack([item])), [utf8(item)], `${count} of ${character}`)
      }
  })

  it('given strings that hold bytes, in lists and as names, then a character is a byte', () => {
    for (const length of [0, 1, 10, 11, 31, 32, 300]) {
      const item = '\xff\x00\x80'.repeat(length).slice(0, length)
      assert.deepEqual(unpacked(pack(new Bytes([item, new Map([[item, [item]]])]))), [
        item,
        new Map([[item, [item]]]),
      ])
    }
  })
})
