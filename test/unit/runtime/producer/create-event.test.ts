import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent } from 'cloudevents'
import { toOutgoingRecord, writeEvent } from '#runtime/cloudevents/writer.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { type CloudEventLike, normalizeEvent } from '#runtime/producer/create-event.ts'
import { createEvent, PROFILES, TelemetryProducer } from '#runtime/producer/index.ts'
import { PRODUCER_SETTINGS, producerSettings } from '#runtime/settings/producer.ts'

const DEFAULTS = { type: 'com.example.x', source: '/x' }
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

describe('the event of what is handed in', () => {
  it('given plain data and a trace, then the event continues it', () => {
    const { id, time, ...event } = createEvent({ a: 1 }, { ...DEFAULTS, traceparent: TRACE, subject: 's' })
    assert.deepEqual(event, { ...DEFAULTS, subject: 's', data: { a: 1 }, extensions: { traceparent: TRACE } })
    assert.ok(id.length > 0 && time !== undefined)
  })

  for (const traceparent of [
    '00-abc123-def456-01',
    '',
    TRACE.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  ])
    it(`given the trace "${traceparent}", then it is refused`, () => {
      const message = `traceparent "${traceparent}" is malformed: W3C Trace Context needs 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, lower case, neither id all zeros`
      assert.throws(() => createEvent(1, { ...DEFAULTS, traceparent }), { name: 'InvalidEvent', message })
    })

  it('given a CloudEvent of the package, then every attribute and the data are kept', () => {
    const given = {
      ...DEFAULTS,
      id: '1',
      time: '2026-01-01T00:00:00.000Z',
      subject: 's',
      data: { a: [1] },
      count: 3,
    }
    const { data, extensions, ...attributes } = normalizeEvent(new CloudEvent(given))
    assert.deepEqual(data, { a: [1] })
    assert.deepEqual(extensions, { count: '3' })
    const { data: _, count: __, ...expected } = given
    assert.deepEqual(attributes, { ...expected, datacontenttype: 'application/json' })
  })

  it('given text or bytes in another format than JSON, then the record holds them as they are', () => {
    const value = (event: Event | CloudEventLike) =>
      toOutgoingRecord('t', null, normalizeEvent(event)).value?.toString()
    for (const datacontenttype of ['text/plain', 'application/xml']) {
      const attributes = { ...DEFAULTS, datacontenttype }
      assert.equal(value(createEvent('<a/>', attributes)), '<a/>')
      assert.equal(value(new CloudEvent({ ...attributes, data: '<a/>' })), '<a/>')
      assert.equal(value(createEvent(Uint8Array.of(60, 97), attributes)), '<a')
      assert.equal(
        value({ ...attributes, specversion: '1.0', id: '1', data: Uint8Array.of(60) } as object as Event),
        '<',
      )
      assert.equal(writeEvent({ ...attributes, id: '1', data: 'x' }).value?.toString(), 'x')
    }
    assert.equal(value(createEvent('a', { ...DEFAULTS, datacontenttype: 'application/problem+json' })), '"a"')
    assert.equal(value(createEvent('a', DEFAULTS)), '"a"')
  })
})

describe('the settings of a producer', () => {
  it('given a profile, then each of its settings is explained, and has the documented value', () => {
    for (const { settings } of Object.values(PROFILES))
      for (const name of Object.keys(settings)) assert.ok(name in PRODUCER_SETTINGS, name)
    const { batchBytes, lingerMs, compression, acks, idempotent, retries, clientId } =
      producerSettings('balanced')
    assert.deepEqual(
      [batchBytes, lingerMs, compression, acks, idempotent, retries, clientId],
      [16_384, 100, 'lz4', 'all', true, 2_147_483_647, 'telemetry-producer'],
    )
  })

  it('given settings that are wrong or do not fit together, then the error names each', () => {
    const make = (given: object) => () =>
      new TelemetryProducer({ kafka: { brokers: [], auth: 'none' }, topic: 't', ...given })
    assert.throws(
      make({ lingerMs: -1, compression: 'brotli' }),
      /2 errors:\n.*lingerMs: must.*\n.*compression: must/,
    )
    assert.throws(make({ profile: 'fast' }), /profile: must be one of high-throughput, .*not "fast"/)
    assert.throws(make({ acks: 1 }), /idempotent: requires acks "all"/)
    assert.throws(make({ linger: 5 }), /has 1 error/)
  })
})
