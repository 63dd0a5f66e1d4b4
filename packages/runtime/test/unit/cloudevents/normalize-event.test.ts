import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent } from 'cloudevents'
import { type CloudEventLike, normalizeEvent } from '../../../cloudevents/normalize-event.ts'
import { toOutgoingRecord, writeEvent } from '../../../cloudevents/writer.ts'
import type { Event } from '../../../consumer/event.ts'

const REQUIRED = { id: '1', type: 'com.example.x', source: '/x' }
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

describe('a CloudEvent of the package, given to the producer', () => {
  const normalize = (attributes: object) => normalizeEvent(new CloudEvent({ ...REQUIRED, ...attributes }))

  it('given every attribute, then each is kept, and the time to its last digit', () => {
    const attributes = {
      subject: 's',
      time: '2026-01-01T01:00:00.123456789+01:00',
      datacontenttype: 'application/json',
      dataschema: 'https://example.com/x.json',
    }
    const extensions = { traceparent: TRACE, partitionkey: 'k', tracestate: '' }
    assert.deepEqual(normalize({ ...attributes, ...extensions, data: { a: [1] } }), {
      ...{ ...REQUIRED, ...attributes, extensions },
      data: { a: [1] },
    })
  })

  it('given only what the package requires, then its id and its time are kept, and nothing else is set', () => {
    const made = new CloudEvent({ type: 'com.example.x', source: '/x' })
    assert.deepEqual(normalizeEvent(made), { ...REQUIRED, id: made.id, time: made.time })
  })

  it('given extensions of each type, then they have the strings of the specification', () => {
    const at = new Date(Date.UTC(2026, 0, 1))
    const extensions = { count: 3, isnew: true, at, digest: Uint8Array.of(255), wide: Uint16Array.of(258) }
    assert.deepEqual(normalize(extensions).extensions, {
      ...{ count: '3', isnew: 'true', at: '2026-01-01T00:00:00.000Z', digest: '/w==', wide: 'AgE=' },
    })
  })

  // Promise docs/producer.md#publishing-events-from-your-own-code
  for (const [given, data, expected] of [
    ['bytes', Buffer.from([0, 255]), Buffer.from([0, 255])],
    ['no bytes', new Uint8Array(), Buffer.of()],
    ['numbers of two bytes', Uint16Array.of(258, 3), Buffer.from([2, 1, 3, 0])],
    ['a part of a buffer', new Uint8Array(Uint8Array.of(1, 2, 3).buffer, 1, 1), Buffer.of(2)],
    ['null', null, null],
    ['zero', 0, 0],
  ] as const)
    it(`given ${given} as data, then it is published as it is`, () => {
      assert.deepEqual(normalize({ data }).data, expected)
    })

  it('given bytes as base64, then they are bytes, and JSON is parsed if its content type says so', () => {
    const data_base64 = Buffer.from('{"a":1}').toString('base64')
    assert.deepEqual(normalize({ data_base64 }).data, Buffer.from('{"a":1}'))
    assert.deepEqual(normalize({ data_base64, datacontenttype: 'application/json' }).data, { a: 1 })
  })

  for (const [given, attributes, message] of [
    ['two kinds of data', { data: 1, data_base64: 'AA==' }, '"data" and "data_base64" are both present'],
    ['an object as an extension', { place: { x: 1 } }, 'attribute "place" has no CloudEvents type'],
    ['a number that is too large', { count: 2 ** 31 }, 'attribute "count" has no CloudEvents type'],
    ['a date that does not exist', { at: new Date(Number.NaN) }, 'attribute "at" has no CloudEvents type'],
    ['version 0.3', { specversion: '0.3' }, '"specversion" is not 1.0'],
  ] as const)
    it(`given ${given}, which the package takes, then it is refused`, () => {
      assert.throws(() => normalize(attributes), {
        name: 'InvalidEvent',
        message: `not a CloudEvent: ${message}`,
      })
    })

  it('given one that the package did not check, then the message names the attribute without its value', () => {
    const event = new CloudEvent({ ...REQUIRED, time: 'yesterday' }, false)
    const message = 'not a CloudEvent: "time" is not an RFC 3339 time with a time zone'
    assert.throws(() => normalizeEvent(event), { name: 'InvalidEvent', message })
  })
})

describe('any event, given to the producer', () => {
  for (const traceparent of [
    '00-abc123-def456-01',
    '',
    TRACE.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  ])
    it(`given the trace "${traceparent}", then it is refused`, () => {
      const message = `traceparent "${traceparent}" is malformed: W3C Trace Context needs 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, lower case, neither id all zeros`
      for (const event of [
        { ...REQUIRED, extensions: { traceparent } },
        new CloudEvent({ ...REQUIRED, traceparent }),
      ])
        assert.throws(() => normalizeEvent(event), { name: 'InvalidEvent', message })
    })

  it('given text or bytes in another format than JSON, then the record holds them as they are', () => {
    const value = (event: Event | CloudEventLike) =>
      toOutgoingRecord('t', null, normalizeEvent(event)).value?.toString()
    for (const datacontenttype of ['text/plain', 'application/xml']) {
      const attributes = { ...REQUIRED, datacontenttype }
      assert.equal(value({ ...attributes, data: '<a/>' }), '<a/>')
      assert.equal(value(new CloudEvent({ ...attributes, data: '<a/>' })), '<a/>')
      assert.equal(value({ ...attributes, data: Uint8Array.of(60, 97) }), '<a')
      assert.equal(
        value({ ...attributes, specversion: '1.0', data: Uint8Array.of(60) } as object as Event),
        '<',
      )
      assert.equal(writeEvent({ ...attributes, data: 'x' }).value?.toString(), 'x')
    }
    assert.equal(value({ ...REQUIRED, data: 'a', datacontenttype: 'application/problem+json' }), '"a"')
    assert.equal(value({ ...REQUIRED, data: 'a' }), '"a"')
  })
})
