import '../../../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listUnusedFields } from '../../../../../control/recordings/import/unused-fields.ts'
import { deviceMapping } from '../../../mapping/support.ts'

const FIELDS = 'deviceId: id, model: model'

// Promise config/mappings/README.md#what-does-not-fit
describe('the fields of records that a mapping does not use', () => {
  for (const [given, fields, more, documents, unused] of [
    [
      'fields that it does not name',
      'x: x',
      {},
      [
        { x: 1, firmware: '1.2' },
        { x: 1, battery_v: 3, gone: null },
      ],
      ['firmware', 'battery_v'],
    ],
    ['objects', 'x: a.x', {}, [{ a: { x: 1, y: 2, b: { c: 3 } } }], ['a.y', 'a.b.c']],
    ['a list of which one element is mapped', 'x: v.0', {}, [{ v: [1, 2, 3] }], ['v[1]…']],
    ['a list of which one element is left out', 'x: v.0, y: v.2', {}, [{ v: [1, 2, 3] }], ['v[1]']],
    ['a list that it does not name', 'x: x', {}, [{ x: 1, v: [1, 2], none: [] }], ['v']],
    [
      'lists in lists',
      'x: r.0.p.0.v',
      {},
      [{ r: [{ p: [{ v: 1, t: 2 }, { v: 3 }], n: 'a' }] }],
      ['r.0.p.0.t', 'r.0.p[1]…', 'r.0.n'],
    ],
    ['tags that are taken whole', 'x: x, tags: t', {}, [{ x: 1, t: { a: 1, b: { c: 2 } } }], []],
    ['a name with dots', 'x: a.b', {}, [{ 'a.b': 1, 'a.c': 2 }], ['a.c']],
    [
      'a quoted name within an object',
      'x: \'a["b.c"]\'',
      {},
      [{ a: { 'b.c': 1, 'b.d': { e: 2 } } }],
      ['a["b.d"].e'],
    ],
    ['a text that holds JSON', 'x: p.x', {}, [{ p: '{"x":1,"y":{"z":2}}', q: '{"a":1}' }], ['p.y.z', 'q.a']],
    ['a text that is taken whole', 'x: x, tags.raw: p', {}, [{ x: 1, p: '{"y":2}' }], []],
    [
      'a value with its schema in an object',
      'x: d.payload.x, y: d.y',
      {},
      [{ d: { schema: {}, payload: { x: 1, y: 2, z: 3 } } }],
      ['d.z'],
    ],
    ['a field of a key of the same name', 'x: x, tags.k: { key: k }', {}, [{ x: 1, k: 2 }], ['k']],
    [
      'fields of conditions, ids, and alternatives',
      'x: { from: [x, w] }',
      { when: '{ has: [h], lacks: [l], equals: { e: 1 } }', id: '[i]' },
      [{ x: 1, w: 2, h: 1, l: 1, e: 1, i: 1 }],
      [],
    ],
  ] as const)
    it(`given ${given}, then they are ${JSON.stringify(unused)}`, () => {
      const mapping = deviceMapping({ ...more, fields: `{ ${FIELDS}, ${fields} }` })
      const known = { id: 'd', model: 'm', at: '2026-01-01T00:00:00Z' }
      const records = documents.map(document => ({ document: { ...known, ...document } }))
      assert.deepEqual(listUnusedFields(mapping, records), unused)
    })

  it('given a CloudEvent, then its attributes are not among them', () => {
    const document = { specversion: '1.0', id: '1', source: '/s', type: 'a.b', data: { x: 1, y: 2 } }
    const mapping = deviceMapping({
      when: '{ equals: { type: a.b } }',
      fields: '{ deviceId: { constant: d }, model: { constant: m }, x: data.x }',
    })
    assert.deepEqual(listUnusedFields(mapping, [{ document, isEvent: true }]), ['data.y'])
  })
})
