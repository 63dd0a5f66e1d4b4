import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldKey } from '#runtime/consumer'
import { computeRecordKey } from '../../../lib/telemetry/reading.ts'
import { FAMILIES } from '../../support/families.ts'

describe('the value of a field as a record key', () => {
  for (const [given, data, key] of [
    ['a text', { a: { b: 'x' } }, 'x'],
    ['zero', { a: { b: 0 } }, '0'],
    ['false', { a: { b: false } }, 'false'],
    ['a space', { a: { b: ' ' } }, ' '],
    ['an empty text', { a: { b: '' } }, undefined],
    ['null', { a: { b: null } }, undefined],
    ['a list', { a: { b: ['x'] } }, undefined],
    ['an object', { a: { b: {} } }, undefined],
    ['a path that leads through a text', { a: 'b' }, undefined],
    ['a path that leads through null', { a: null }, undefined],
    ['no data', undefined, undefined],
  ] as const)
    it(`given ${given}, then the key is ${JSON.stringify(key)}`, () =>
      assert.equal(fieldKey(data, 'a.b'), key))

  it('given an empty text, then the reading has the key of its family, and not the empty key of all such', () => {
    const data = { deviceId: 'd', model: 'm', tags: { bay: '' } }
    const device = FAMILIES.get('device')
    const own = computeRecordKey(device, data)
    assert.ok(own)
    assert.equal(computeRecordKey(device, data, { field: 'tags.bay' }), own)
    assert.equal(computeRecordKey(device, { ...data, tags: { bay: 'b' } }, { field: 'tags.bay' }), 'b')
  })
})
