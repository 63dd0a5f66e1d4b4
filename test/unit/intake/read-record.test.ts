import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer'
import type { InputEvent } from '../../../lib/intake/input.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { createRecordReader } from '../../../lib/intake/read-record.ts'
import { toIdPart, toSource } from '../../../lib/mapping/field-source.ts'
import { wholeField } from '../../../lib/mapping/raw-mapping.ts'
import { FAMILIES } from '../../support/families.ts'
import { foreignRecord } from '../mapping/support.ts'

const FINE = { of: { id: 'o-1' }, at: '2026-03-01T12:00:00Z', n: 1 }

/** Reads a record of an input whose records are events. `more` are further keys of `as`. */
function read(value: unknown, more = 'time: at', place = {}, findViolation?: (data: unknown) => string) {
  const text = `inputs: [{ topic: orders, to: events, as: { type: a.order, subject: of.id, ${more} } }]`
  const inputs = readInputs(text, 'inputs.yaml', 'test').map(input => ({
    ...input,
    loadedMappings: [],
    ...(input.as && { sources: createSources(input.as) }),
    ...(findViolation && { findViolation }),
  }))
  const reader = createRecordReader(FAMILIES, new Map(inputs.map(input => [input.topic, input])))
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return reader(foreignRecord(bytes, { topic: 'orders', ...place }))
}

const createSources = ({ subject, id }: InputEvent) => ({
  subject: toSource('subject', 'scalar', wholeField(subject)),
  ...(id && { id: id.map(toIdPart) }),
})

const readFailure = (...args: Parameters<typeof read>) => {
  const found = read(...args)
  return 'code' in found ? `${found.code}: ${found.message}` : 'no failure'
}
const readEvent = (...args: Parameters<typeof read>) => {
  const found = read(...args)
  assert.ok(!('code' in found), JSON.stringify(found))
  return found as Event
}

describe('the event of a record without a measurement', () => {
  it('given a record, then it is the data as it is, with the attributes of the input, and no other', () => {
    const { id, ...event } = readEvent(FINE)
    assert.match(id, /^\S{20,}$/)
    assert.deepEqual(event, {
      ...{ source: '/inputs/orders', type: 'a.order', subject: 'o-1', time: FINE.at },
      ...{ datacontenttype: 'application/json', data: FINE },
    })
  })

  it('given the time of the record, then the event has none of its own', () => {
    assert.ok(!('time' in readEvent(FINE, 'time: record')))
  })

  it('given a trace in the headers, then the event continues it, and has no other header', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = Object.entries({ traceparent, other: 'x' }).map(([name, text]) => [
      name,
      Buffer.from(text),
    ])
    assert.deepEqual(readEvent(FINE, 'time: at', { headers }).extensions, { traceparent })
  })

  it('given subject, time and id in a text that holds JSON, then they are read, and the data stays as it is', () => {
    const record = { of: JSON.stringify({ id: 'o-2', at: FINE.at, n: 1 }) }
    const { id, subject, time, data } = readEvent(record, 'time: of.at, id: of.n')
    assert.deepEqual([subject, time, data], ['o-2', FINE.at, record])
    assert.equal(id, readEvent({ of: { id: 'o-2', n: 1 }, at: FINE.at }, 'time: at, id: of.n').id)
  })

  for (const [given, id, subject] of [
    ['a text', 'o-1', 'o-1'],
    ['a number', 7, '7'],
    ['zero', 0, '0'],
  ] as const)
    it(`given ${given} as subject, then it is its text`, () =>
      assert.equal(readEvent({ ...FINE, of: { id } }).subject, subject))

  it('given no id, then each position and type has its own; given fields, then they decide', () => {
    const positions = [{}, { partition: 2 }, { offset: 8 }, { log: 'other' }]
    const ids = [
      ...positions.map(place => readEvent(FINE, 'time: at', place).id),
      ...['time: at, id: n', 'time: at, id: [n, at]'].map(more => readEvent(FINE, more).id),
      readEvent({ ...FINE, n: '1' }, 'time: at, id: n').id,
    ]
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(
      readEvent({ ...FINE, at: '2026-03-02T12:00:00Z' }, 'time: at, id: n', { offset: 8 }).id,
      ids[4],
    )
  })

  // biome-ignore format: a table
  for (const [given, value, more, failure] of [
    ['no subject', { at: FINE.at }, 'time: at', /^mapping-failed: "of\.id" is missing, and is the subject/],
    ['an empty subject', { ...FINE, of: { id: '' } }, 'time: at', /^mapping-failed: "of\.id" must be a text that is not empty/],
    ['a truth value as subject', { ...FINE, of: { id: true } }, 'time: at', /^mapping-failed: "of\.id"/],
    ['an object as subject', { ...FINE, of: { id: {} } }, 'time: at', /^mapping-failed: "of\.id"/],
    ['an event with a long integer', `{"specversion":"1.0","id":"1","source":"/s","type":"a.order","of":"1","data":{"n":9007199254740993}}`, 'time: record', /^number-not-exact: .*"n"/],
    ['a longer integer', '{"of":{"id":1},"n":123456789012345678901}', 'time: record', /^number-not-exact: .*"n"/],
    ['no time', { of: FINE.of }, 'time: at', /^mapping-failed: "at" is missing$/],
    ['a time without its zone', { ...FINE, at: '2026-03-01T12:00:00' }, 'time: at', /^mapping-failed: "at" has/],
    ['no field of the id', FINE, 'time: at, id: [n, m]', /^mapping-failed: "m" is missing, and is part of the id$/],
    ['an object in the id', FINE, 'time: at, id: of', /^mapping-failed: "of" must be a text or a number, and is part of the id/],
    ['a list', '[1]', 'time: at', /^mapping-failed: the value is a/],
    ['a member that occurs twice', '{"n":1,"n":2}', 'time: at', /^mapping-failed: .*"n" occurs more than once/],
    ['a number above every double', '{"n":1e999}', 'time: at', /^number-not-exact: /],
  ] as const)
    it(`given ${given}, then it is a failure that names it`, () =>
      assert.match(readFailure(value, more), failure))

  // Promise docs/inputs.md#large-integers | An integer of 64 bits keeps all its digits, as a text in the data of an event, and is refused by its field where it is read as a number.
  it('given integers of 64 bits, then data has texts with their digits, and ids, subjects and keys all of them', () => {
    const written =
      '{"of":{"id":9007199254740993},"n":-9223372036854775808,"in":[[{"a":18446744073709551615}],7]}'
    const { data, subject, id } = readEvent(written, 'time: record, id: n')
    assert.deepEqual(data, {
      ...{ of: { id: '9007199254740993' }, n: '-9223372036854775808' },
      in: [[{ a: '18446744073709551615' }], 7],
    })
    assert.equal(subject, '9007199254740993')
    assert.notEqual(readEvent(written.replace('808', '807'), 'time: record, id: n').id, id)
    const more = 'time: record, id: { from: { key: n }, as: text }'
    const ids = ['9007199254740993', '9007199254740992', '"9007199254740993"'].map(
      n => readEvent(FINE, more, { key: Buffer.from(`{"n":${n}}`) }).id,
    )
    assert.deepEqual([new Set(ids).size, ids[0] === ids[2]], [2, true])
  })

  it('given texts, then these members are always texts, also in lists, and no other', () => {
    const value = {
      ...FINE,
      n: 17,
      a: [{ b: 1, c: 1 }, { b: null }, { b: 'x' }, {}],
      'd.e': true,
      f: { g: {} },
    }
    const { data } = readEvent(value, 'time: at, texts: [n, a.b, d.e, f.g, of.id]')
    assert.deepEqual(data, { ...value, n: '17', a: [{ b: '1', c: 1 }, ...value.a.slice(1)], 'd.e': 'true' })
  })

  it('given a schema, then data that violates it is a failure, and other data is not', () => {
    const rule = (data: unknown) =>
      ((data as { n: number }).n > 1 ? 'data/n must be at most 1' : undefined) as string
    assert.equal(
      readFailure({ ...FINE, n: 2 }, 'time: at', {}, rule),
      'schema-violated: data/n must be at most 1',
    )
    assert.deepEqual(readEvent(FINE, 'time: at', {}, rule).data, FINE)
  })

  it('given a topic that is not an input, then it is a failure that says so', () =>
    assert.match(readFailure(FINE, 'time: at', { topic: 'other' }), /^mapping-failed: its topic is no input/))
})
