import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { copyPlain } from '../../../cloudevents/json-text.ts'
import { StepState } from '../../../pipeline/model/stored-state.ts'

class List extends Array<unknown> {}
class Point {
  x = 1
}
const hidden = (of: object, value: unknown = 1) => Object.defineProperty(of, 'hidden', { value })
const counted = (of: object, name: string | number) => {
  let reads = 0
  return Object.defineProperty(of, name, { enumerable: true, get: () => (reads += 1) })
}

/** Values of which JSON does not have all, each made anew because some change when they are read. */
const ODD: Readonly<Record<string, () => object>> = {
  'a list with a named member': () => Object.assign([1], { name: 1 }),
  'a list with toJSON': () => Object.assign([1], { toJSON: () => 'other' }),
  'a list with a hidden toJSON': () => Object.defineProperty([1], 'toJSON', { value: () => 'other' }),
  'a list of a class': () => List.of(1, 2),
  'a list with a hidden member': () => hidden([1]),
  'a list with a symbol': () => Object.assign([1], { [Symbol('s')]: 1 }),
  'a list with a getter': () => counted([1, 2], 1),
  'a list with a hole': () => Array.from({ length: 2, 0: 1 }).concat(new Array(1)),
  'a list with an iterator of its own': () => Object.assign([1], { [Symbol.iterator]: () => [2].values() }),
  'a hidden member': () => hidden({ a: 1 }),
  'a symbol': () => ({ a: 1, [Symbol('s')]: 1 }),
  'a getter': () => counted({}, 'a'),
  toJSON: () => ({ toJSON: () => 'other' }),
  'a hidden toJSON': () => Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'other' }),
  'an instance of a class': () => new Point(),
  'an object without a prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'a member named __proto__': () => JSON.parse('{"__proto__":{"a":1}}'),
  'an undefined member': () => ({ a: undefined }),
  '-0 in a list': () => [-0],
  '-0 as a member': () => ({ a: -0 }),
  'a circle': () => {
    const circle: Record<string, unknown> = {}
    return Object.assign(circle, { circle })
  },
}

describe('a state that the next step receives without being read from JSON', () => {
  for (const [given, make] of Object.entries(ODD))
    it(`given ${given}, then it is what JSON has of it, or it is read from JSON`, () => {
      const copy = copyPlain({ in: [make()] })
      if (copy === undefined) return
      assert.deepEqual(copy.value, JSON.parse(JSON.stringify({ in: [make()] })))
      const [inner] = (copy.value as { in: [object] }).in
      const isList = Array.isArray(inner)
      assert.equal(Object.getPrototypeOf(inner), isList ? Array.prototype : Object.prototype)
      assert.deepEqual(Reflect.ownKeys(inner), [...Object.keys(inner), ...(isList ? ['length'] : [])])
      for (const member of Object.values(Object.getOwnPropertyDescriptors(inner)))
        assert.ok('value' in member)
    })

  it('given toJSON that all objects or lists inherit, then the state is read from JSON, which has the other content', () => {
    for (const prototype of [Object.prototype, Array.prototype]) {
      Object.defineProperty(prototype, 'toJSON', { configurable: true, value: () => 'other' })
      try {
        assert.equal(copyPlain({ in: [1] }), undefined)
      } finally {
        delete (prototype as { toJSON?: unknown }).toJSON
      }
    }
  })

  it('given toJSON, a class or a member that JSON omits, then it is read from JSON', () => {
    const kept = Object.keys(ODD).filter(name => copyPlain(ODD[name]?.()) !== undefined)
    const harmless = ['named', 'hidden member', 'symbol', 'getter', 'iterator']
    assert.deepEqual(
      kept.filter(name => !harmless.some(word => name.includes(word)) || name.includes('__proto__')),
      [],
    )
  })

  it('given JSON, then the copy is equal, and its length and that of its stored form are never too low', () => {
    const texts = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary', maxDepth: 4 }), texts, (json, text) => {
        for (const value of [
          JSON.parse(json),
          text,
          `${text}\u0000`,
          [],
          {},
          [[]],
          -1.234567890123456e-300,
        ]) {
          const copy = copyPlain(value)
          const read = JSON.parse(JSON.stringify(value))
          if (copy === undefined) return
          assert.deepEqual(copy.value, read)
          assert.ok(copy.length >= JSON.stringify(value).length)
          const state = new StepState(copy.value, 999_999_999, copy.length, Number.MAX_SAFE_INTEGER)
          assert.ok(state.length >= state.text.length)
        }
      }),
    )
  })
})
