import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writtenEvent } from '../../../console/api/publish-reading.ts'

const MISSING = { id: 'new', time: '2026-03-01T12:00:00.000Z' }
const READING = {
  specversion: '1.0',
  type: 'io.sluice.environment.reading.v1',
  source: '/environment/roof',
  subject: 's-1',
  data: { sensorId: 's-1', temperature: 20, location: { site: 'roof', latitude: 1, longitude: 2 } },
}

describe('given a reading that a person has written', () => {
  const written = (changes: object = {}) => writtenEvent(JSON.stringify({ ...READING, ...changes }), MISSING)

  it('then it is an event with an id, a time and a trace, unless it has its own', () => {
    const { id, time, source, subject, extensions } = written()
    assert.deepEqual(
      { id, time, source, subject },
      { ...MISSING, source: '/environment/roof', subject: 's-1' },
    )
    assert.match(extensions?.traceparent ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const own = written({ id: 'own', time: '2026-03-01T13:00:00Z', traceparent, partitionkey: 'k' })
    assert.deepEqual(
      [own.id, own.time, own.extensions],
      ['own', '2026-03-01T13:00:00Z', { traceparent, partitionkey: 'k' }],
    )
  })

  for (const [name, changes, message] of [
    [
      'data that break the schema',
      { data: { ...READING.data, temperature: 'warm' } },
      /temperature must be number/,
    ],
    ['no place', { data: { sensorId: 's-1', temperature: 1 } }, /location is missing/],
    ['no traceparent', { traceparent: '00-0-0-00' }, /traceparent: must have/],
    ['an invalid time', { time: '2026-13-01' }, /not a CloudEvent/],
    ['an id that no text can hold', { id: '\ud800' }, /not a CloudEvent/],
    ['another type', { type: 'io.sluice.tick.v1' }, /type: must be the type of a reading/],
  ] as const)
    it(`when it has ${name}, then it is refused with a sentence`, () => {
      assert.throws(() => written(changes), message)
    })

  for (const [text, message] of [
    ['{', /not JSON/],
    ['[]', /not a CloudEvent: the document is not a JSON object/],
    ['{"n":12345678901234567890}', /cannot be read/],
  ] as const)
    it(`when it is ${text}, then it is refused with a sentence`, () => {
      assert.throws(() => writtenEvent(text, MISSING), message)
    })
})
