import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent } from 'cloudevents'
import fc from 'fast-check'
import { isFailure } from '../../../cloudevents/event.ts'
import { normalizeEvent } from '../../../cloudevents/normalize-event.ts'
import { readEvent } from '../../../cloudevents/reader.ts'
import { ensureTrace, toOutgoingRecord, writeEvent } from '../../../cloudevents/writer.ts'
import type { Event, Received } from '../../../consumer/event.ts'
import { instant } from '../../../consumer/instant.ts'
import { toCloudEvent } from '../../../sdk/index.ts'

const APPENDED_MS = Date.UTC(2026, 0, 1)
const REQUIRED = { id: '1', type: 'com.example.x', source: '/x' }

function receive(event: Event): Received {
  return { ...event, timeMs: APPENDED_MS, entity: `${event.source} ${event.subject}` }
}

/** Returns the event as it is read from the record of a producer. */
function read(record: Parameters<typeof readEvent>[0]): Event {
  const event = readEvent(record)
  assert.ok(!isFailure(event), JSON.stringify(event))
  return event
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter(value => !/\p{Cc}/u.test(value))
const word = text.filter(value => value !== '')
const bytes = fc.uint8Array({ maxLength: 20 }).map(value => Buffer.from(value))
const content = fc.oneof(
  fc.record({
    datacontenttype: fc.constantFrom('application/json', 'application/problem+json; charset=UTF-8'),
    data: fc.oneof(
      fc.jsonValue().map(value => JSON.parse(JSON.stringify(value))),
      bytes.map(value => Buffer.concat([Buffer.alloc(5), value])),
    ),
  }),
  fc.record({
    datacontenttype: fc.constantFrom('text/plain', 'application/octet-stream', 'avro/binary'),
    data: bytes,
  }),
  fc.constantFrom({}, { datacontenttype: 'text/plain' }),
)
/** Names that attributes of other kinds, or methods of the package's class, have. */
const NAMES = ['partitionkey', 'sequence', 'validate', 'emit', 'constructor', 'datacontentencoding', 'entity']
const extensions = fc.dictionary(
  fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^x[a-z0-9]{0,19}$/)),
  word,
  { maxKeys: 4 },
)
const attributes = fc.record(
  {
    id: word,
    type: word,
    source: fc.stringMatching(/^\/[a-z0-9]{1,12}$/),
    subject: word,
    time: fc.constantFrom(
      '2026-01-01T00:00:00Z',
      '2026-01-01t05:30:00.123456789+05:30',
      '2016-12-31T23:59:60Z',
      '0001-01-01T00:00:00.5-23:59',
    ),
    dataschema: fc.constantFrom('https://example.com/x.json', 'urn:x:y#1'),
  },
  { requiredKeys: ['id', 'type', 'source'] },
)
const events: fc.Arbitrary<Event> = fc.tuple(attributes, content, extensions).map(([some, data, more]) => ({
  ...{ ...some, ...data },
  ...(Object.keys(more).length > 0 && { extensions: more }),
}))

describe('an event as a CloudEvent of the package', () => {
  for (const mode of ['binary', 'structured'] as const)
    it(`in ${mode} mode: given any event, when it is converted and published, then it is the same`, () => {
      fc.assert(
        fc.property(events, made => {
          const event = read(writeEvent(made, mode))
          const converted = toCloudEvent(receive(event))
          assert.ok(converted instanceof CloudEvent)
          const again = read(toOutgoingRecord('t', null, normalizeEvent(converted), mode))
          assert.deepEqual(again, ensureTrace({ ...event, time: event.time ?? instant(APPENDED_MS) }))
        }),
      )
    })

  it('given a handler of the package, then it finds data, extensions, and a form in JSON', () => {
    const event = receive({ ...REQUIRED, data: { celsius: 21.5 }, extensions: { sequence: '7' } })
    const converted = toCloudEvent({ ...event, data: { celsius: 21.5 } })
    assert.equal(converted.data?.celsius, 21.5)
    assert.equal(converted.sequence, '7')
    assert.equal(converted.validate(), true)
    assert.deepEqual(JSON.parse(String(converted)), {
      ...{ ...REQUIRED, specversion: '1.0', time: '2026-01-01T00:00:00.000Z' },
      ...{ data: { celsius: 21.5 }, sequence: '7' },
    })
  })

  it('given bytes, then they are there as bytes and as base64', () => {
    const { data, data_base64 } = toCloudEvent(receive({ ...REQUIRED, data: Buffer.from('ab') }))
    assert.deepEqual([String(data), data_base64], ['ab', 'YWI='])
  })
})
