import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type JsonOptions, type JsonRecord, json } from '../../../cloudevents/plain-json.ts'
import { buildRedriveHeaders } from '../../../cloudevents/redrive.ts'
import { application, type TopicRecord } from '../../../consumer/authored-application.ts'
import type { Event } from '../../../consumer/event.ts'
import type { Failure } from '../../../consumer/failure-codes.ts'
import { CONSUMER_DEFAULTS } from '../../../pipeline/consumer.ts'
import { decode } from '../../../pipeline/decoding/decode.ts'
import { logRecord } from '../../../testing/records.ts'

const NOON_MS = Date.UTC(2026, 2, 1, 12)
const RECORD: TopicRecord = {
  ...{ topic: 'shop.orders.eu', name: 'orders', partition: 1, offset: 7, timestampMs: NOON_MS },
  ...{ key: Buffer.from('c-1'), value: Buffer.from('{"cents":250,"at":1772366400000}'), headers: [] },
}

interface Order {
  readonly cents: number
  readonly at: number
}

function read(changes: Partial<TopicRecord> = {}, options: JsonOptions<Order> = {}) {
  return json<Order>(options)({ ...RECORD, ...changes })
}

const event = (...given: Parameters<typeof read>) => read(...given) as Event
const refusal = (...given: Parameters<typeof read>) => {
  const { code, message } = read(...given) as Failure
  return `${code}: ${message}`
}

/** Adds the cents of a customer, whose records are plain JSON. */
const shop = application({ topics: ['orders', 'totals'], prefix: 'shop', read: json<Order>() })
const totals = shop.process<number, Order>('totals', { onEvent: (total = 0, { data }) => total + data.cents })

describe('plain JSON records', () => {
  it('given a record, then topic, key and value are source, type, subject and data of its event', () => {
    const { id, ...rest } = event()
    assert.deepEqual(rest, {
      ...{ source: '/orders', type: 'orders', subject: 'c-1', datacontenttype: 'application/json' },
      ...{ data: { cents: 250, at: 1772366400000 }, extensions: {} },
    })
    assert.match(id, /^[\w-]{22}$/)
  })

  it('given no id, then it follows from the place of the record alone', () => {
    assert.equal(event().id, event({ value: Buffer.from('1') }).id)
    for (const place of [{ topic: 'shop.orders.us' }, { partition: 2 }, { offset: 8 }])
      assert.notEqual(event().id, event(place).id)
  })

  it('given functions of the record, then they say entity, type, id and time', () => {
    const found = event(
      {},
      {
        entity: ({ topic, value }) => `${topic} ${value.cents}`,
        type: ({ key }) => `com.example.${key}`,
        id: ({ offset }) => offset,
        time: ({ value }) => value.at,
      },
    )
    assert.deepEqual(
      [found.subject, found.type, found.id, found.time],
      ['orders 250', 'com.example.c-1', '7', new Date(1772366400000).toISOString()],
    )
    for (const time of [new Date(NOON_MS), '2026-03-01T13:00:00+01:00'])
      assert.equal(event({}, { time: () => time }).time, new Date(NOON_MS).toISOString())
  })

  it('given trace context in headers, then the event continues it', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = [['traceparent', Buffer.from(traceparent)] as const]
    assert.deepEqual(event({ headers }).extensions, { traceparent })
  })

  it('given a value that is not JSON, or that a double changes, then the record fails without a quotation', () => {
    const refused = 'data-not-decodable: the value is not JSON, but the records of orders must be JSON'
    for (const text of ['{"secret', '', '\ufffd'])
      assert.equal(refusal({ value: Buffer.from(text) }), refused)
    assert.match(refusal({ value: Buffer.from('{"id":12345678901234567890}') }), /^number-not-exact: /)
  })

  it('given no entity, id or time, then the record fails', () => {
    for (const key of [null, Buffer.from([0xff]), Buffer.alloc(0)])
      assert.match(refusal({ key }), /^mapping-failed: the record has no entity/)
    assert.match(refusal({}, { id: () => '' }), /^mapping-failed: the id or the type is empty/)
    assert.match(refusal({}, { time: () => 'yesterday' }), /^mapping-failed: the time is not/)
  })

  it('given a record without a value, then it is a tombstone of its entity', () => {
    const { type, subject, data } = event({ value: null }, { id: ({ value }) => value.at })
    assert.deepEqual([type, subject, data], ['orders.tombstone', 'c-1', undefined])
  })

  // Promise packages/runtime/README.md#plain-json-topics | A plain JSON record is an event whose id follows from its place, and a redrive has the same.
  it('given a record that is redriven, then id and entity follow from its first place', () => {
    const seen = ({ partition, offset, timestampMs }: JsonRecord) => `${partition}:${offset}:${timestampMs}`
    const place = { partition: 2, offset: 3, timestampMs: NOON_MS }
    const target = { consumer: 'totals', failure: 'f', attempt: 2, history: [], place }
    const reading = application({ topics: ['orders'], read: json({ entity: seen }) })
    const consumer = { ...CONSUMER_DEFAULTS, application: reading, process: totals }
    const content = { value: Buffer.from('{}'), headers: buildRedriveHeaders(target) }
    const decoded = decode(logRecord(9, content, { topic: 'orders' }), consumer)
    const event = decoded.kind === 'event' ? decoded.event : undefined
    const before = decode(logRecord(3, { value: Buffer.from('{}') }, { topic: 'orders', ...place }), consumer)
    assert.equal(event?.subject, `2:3:${NOON_MS}`)
    assert.equal(before.kind === 'event' && before.event.id, event.id)
  })
})
