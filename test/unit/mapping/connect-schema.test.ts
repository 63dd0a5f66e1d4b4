/** Values and keys that the JSON converter of Kafka Connect has written with their schema. */
import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listUnusedFields } from '../../../control/recordings/import/unused-fields.ts'
import { debeziumChange, withSchema } from '../../support/debezium.ts'
import { deviceMapping, foreignRecord, mapFailure, mapReading, read } from './support.ts'

const RECORD = { id: 'd-1', model: 'm', x: 1, at: '2026-01-01T00:00:00Z' }
const bytes = (document: object) => Buffer.from(JSON.stringify(document))

describe('a value with its schema', () => {
  it('given the same record with and without it, then one mapping makes the same reading of both', () => {
    const mapping = deviceMapping({
      when: '{ has: [model], lacks: [place], equals: { x: 1 } }',
      id: '[id, at]',
    })
    assert.deepEqual(mapReading(mapping, withSchema(RECORD)), mapReading(mapping, RECORD))
    assert.match(mapFailure(mapping, withSchema({ ...RECORD, place: 'hall' })), /it has "place"$/)
  })

  it('given a mapping that names the payload, then it is read as before', () => {
    const mapping = deviceMapping({
      time: '{ from: payload.at }',
      fields: '{ deviceId: payload.id, model: payload.model, x: payload.x }',
    })
    assert.equal(mapReading(mapping, withSchema(RECORD)).subject, 'd-1')
  })

  it('given a key with its schema, then fields of the key are found', () => {
    const mapping = deviceMapping({ fields: '{ deviceId: { key: id }, model: model, x: x }' })
    for (const key of [{ id: 'k-1' }, withSchema({ id: 'k-1' })])
      assert.equal(mapReading(mapping, RECORD, { key: bytes(key) }).subject, 'k-1')
  })

  it('given an object of a record that only looks like it, then its members are not found', () => {
    for (const document of [
      { payload: RECORD },
      { schema: {}, payload: RECORD, version: 1 },
      { schema: null, payload: RECORD },
      { schema: {}, payload: [RECORD] },
    ])
      assert.match(mapFailure(deviceMapping(), document), /"id" is missing/)
  })

  it('given a decimal by the schema, then it is not read as a number', () => {
    const decimal = { field: 'x', type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal' }
    const mapping = deviceMapping({ fields: '{ deviceId: id, model: model, x: { from: x, as: number } }' })
    const document = { schema: { fields: [decimal] }, payload: { ...RECORD, x: '123' } }
    assert.match(mapFailure(mapping, document), /^mapping-failed: .*"x" may be a decimal in base64/)
  })

  it('given fields that no mapping uses, then those of the payload are listed, and none of the schema', () => {
    const documents = [{ document: withSchema({ ...RECORD, battery: 3 }) }]
    const named = deviceMapping({ fields: '{ deviceId: payload.id, model: payload.model, x: x }' })
    for (const mapping of [deviceMapping(), named])
      assert.deepEqual(listUnusedFields(mapping, documents), ['battery'])
  })
})

describe('change events of Debezium', () => {
  const mapping = deviceMapping({
    when: '{ has: [op, source.connector] }',
    time: '{ from: ts_ms, epoch: ms }',
    fields:
      '{ deviceId: { from: [{ key: id }, after.id, before.id], as: text }, model: source.table, activity: { from: op, values: { c: created, u: updated, d: deleted } } }',
  })

  for (const [op, activity] of [
    ['c', 'created'],
    ['u', 'updated'],
    ['d', 'deleted'],
  ] as const)
    for (const [given, write] of [
      ['without', (document: object) => document],
      ['with', withSchema],
    ] as const)
      it(`given the row ${activity}, ${given} its schema and with or without a key, then it is read`, () => {
        const { key, value } = debeziumChange({ op, id: 7 }, Date.UTC(2026, 0, 1))
        for (const bytesOfKey of [bytes(write(key)), null]) {
          const { data, time } = mapReading(mapping, write(value), { key: bytesOfKey })
          assert.deepEqual(data, { deviceId: '7', model: 'orders', activity })
          assert.equal(time, '2026-01-01T00:00:00.000Z')
        }
      })

  // Promise docs/inputs.md#changes-of-a-database
  it('given the tombstone after a delete, then it is ignored', () => {
    const tombstone = foreignRecord(null, { key: bytes(withSchema({ id: 7 })) })
    assert.deepEqual(read(mapping, tombstone), { kind: 'ignored', reason: 'tombstone' })
  })
})
