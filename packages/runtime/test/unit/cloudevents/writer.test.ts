import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent, Kafka } from 'cloudevents'
import fc from 'fast-check'
import { isFailure } from '../../../cloudevents/event.ts'
import { readEvent } from '../../../cloudevents/reader.ts'
import type { OutgoingRecord } from '../../../cloudevents/record.ts'
import { continueTrace, extractSpanContext, startTrace } from '../../../cloudevents/trace.ts'
import { type ContentMode, toOutgoingRecord, writeEvent } from '../../../cloudevents/writer.ts'
import type { Event } from '../../../consumer/event.ts'
import { environmentReading } from '../../support/records.ts'

const MODES: readonly ContentMode[] = ['binary', 'structured']

function listHeaders({ headers }: Pick<OutgoingRecord, 'headers'>): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))
}

describe('writing an event', () => {
  for (const mode of MODES)
    it(`in ${mode} mode: another implementation reads the same event`, () => {
      const event = environmentReading('a')
      const written = writeEvent(event, mode)
      const read = Kafka.toEvent({
        headers: listHeaders(written),
        body: null,
        value: String(written.value),
      } as never)
      assert.ok(read instanceof CloudEvent)
      assert.deepEqual(
        {
          id: read.id,
          source: read.source,
          type: read.type,
          subject: read.subject,
          time: read.time,
          data: read.data,
        },
        {
          id: 'a',
          source: event.source,
          type: event.type,
          subject: 's-1',
          time: event.time,
          data: event.data,
        },
      )
    })

  it('given events of two sources in turn, then each record names its own', () => {
    const sources = ['/one', '/two', '/two', '/one']
    const written = sources.map(source => writeEvent(environmentReading('a', { source })))
    assert.deepEqual(
      written.map(record => listHeaders(record).ce_source),
      sources,
    )
  })

  const word = fc.stringMatching(/^[a-z0-9]{1,12}$/)
  const event: fc.Arbitrary<Event> = fc.record({
    id: word,
    source: word.map(name => `/${name}`),
    type: word,
    datacontenttype: fc.constant('application/json'),
    data: fc.jsonValue().map(value => JSON.parse(JSON.stringify(value))),
  })
  for (const mode of MODES)
    it(`in ${mode} mode: given any event, when it is written and read, then it is the same`, () => {
      fc.assert(
        fc.property(event, made => {
          const original = { ...made }
          const read = readEvent(writeEvent(original, mode))
          assert.ok(!isFailure(read))
          assert.deepEqual(read, original)
        }),
      )
    })
})

describe('the trace of an event', () => {
  it('is started by the producer of an event that has none, the same for the same event', () => {
    const [one, two] = [1, 2].map(() => listHeaders(toOutgoingRecord('t', 'k', environmentReading('a'))))
    assert.match(one?.ce_traceparent ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    assert.equal(one?.ce_traceparent, two?.ce_traceparent)
  })
  it('is kept where the event has one', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
    const record = toOutgoingRecord('t', 'k', environmentReading('a', { extensions: { traceparent } }))
    assert.equal(listHeaders(record).ce_traceparent, traceparent)
  })
  it('is continued with flags and state, and not at all where it is broken', () => {
    const trace = { ...startTrace({ source: '/s', id: 'a' }), tracestate: 'vendor=1' }
    const continued = continueTrace({ extensions: trace }, 'effect')
    assert.equal(extractSpanContext(continued)?.traceId, extractSpanContext(trace)?.traceId)
    assert.equal(continued.tracestate, 'vendor=1')
    for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`])
      assert.deepEqual(continueTrace({ extensions: { traceparent } }, 'effect'), {})
  })
})
