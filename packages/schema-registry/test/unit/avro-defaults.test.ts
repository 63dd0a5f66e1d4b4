/** Parts of Avro schemas that play no part in reading: they never make a schema unusable. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'

async function readWith(fields: readonly object[], bytes: readonly number[], record: object = {}) {
  const text = JSON.stringify({ type: 'record', name: 'R', fields, ...record })
  const codec = await loadCodec({ format: 'AVRO', text, references: [] })
  return codec.read(Buffer.from(bytes))
}

describe('given an Avro schema', () => {
  const nullable = { name: 'a', type: ['null', 'string'] }
  const kind = { type: 'enum', name: 'K', symbols: ['A', 'B'], default: 'C' }
  for (const [title, field, bytes, expected] of [
    ['a default of another branch than the first', { ...nullable, default: 'ok' }, [2, 2, 120], { a: 'x' }],
    ['a null with such a default', { ...nullable, default: 'ok' }, [0], { a: null }],
    ['a null default of the second branch', { name: 'a', type: ['string', 'null'], default: null }, [2], {}],
    ['a null default of the first branch', { ...nullable, default: null }, [0], {}],
    ['no default', nullable, [0], { a: null }],
    ['a default of another type', { name: 'a', type: 'int', default: 'one' }, [2], { a: 1 }],
    ['a null default where null is not allowed', { name: 'a', type: 'int', default: null }, [2], { a: 1 }],
    ['an unknown order', { name: 'a', type: 'int', order: 'up' }, [2], { a: 1 }],
    ['an unknown symbol as the default of an enum', { name: 'a', type: kind }, [2], { a: 'B' }],
  ] as const)
    it(`with ${title}, then data is read`, async () => {
      assert.deepEqual(await readWith([field], bytes), expected)
    })

  it('with defaults in a record that contains itself, then each level is read', async () => {
    const next = { name: 'next', type: ['null', 'R'], default: { next: 'ok' } }
    assert.deepEqual(await readWith([next], [2, 2, 0]), { next: { next: { next: null } } })
  })

  it('with names in a namespace, then they are found', async () => {
    const inner = { type: 'record', name: 'I', fields: [{ name: 'n', type: 'int', default: 'x' }] }
    const fields = [
      { name: 'a', type: inner },
      { name: 'b', type: 'x.y.I' },
      { name: 'c', type: 'I' },
    ]
    const read = await readWith(fields, [2, 4, 6], { namespace: 'x.y' })
    assert.deepEqual(read, { a: { n: 1 }, b: { n: 2 }, c: { n: 3 } })
  })
})
