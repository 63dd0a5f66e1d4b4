import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Message } from '../../invoke/event.ts'
import { partitionBytes, recordBytes } from '../../invoke/event-size.ts'
import { lambdaEvent, lambdaRecord } from './event-object.ts'

const message = (part: Partial<Message> = {}): Message => ({
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  timestamp: '1749116692330',
  offset: '100',
  headers: {},
  ...part,
})

describe('a record as Lambda delivers it (rules 12, 13)', () => {
  it('has key and value in base64, numbers for offset and timestamp, and headers as bytes', () => {
    assert.deepEqual(
      lambdaRecord('t', 3, message({ headers: { a: Buffer.from([1, 127, 128, 255]), b: 'ë' } })),
      {
        topic: 't',
        partition: 3,
        offset: 100,
        timestamp: 1749116692330,
        timestampType: 'CREATE_TIME',
        key: 'aw==',
        value: 'dg==',
        headers: [{ a: [1, 127, -128, -1] }, { b: [-61, -85] }],
      },
    )
  })

  it('says whether broker or producer has set the timestamp', () => {
    const ofBroker = message({ batchContext: { timestampType: 1 } })
    assert.equal(lambdaRecord('t', 0, ofBroker).timestampType, 'LOG_APPEND_TIME')
  })

  it('keeps repeated headers one by one, in order', () => {
    const headers = { a: [Buffer.from('1'), Buffer.from('2')], b: Buffer.from('3') }
    assert.deepEqual(lambdaRecord('t', 0, message({ headers })).headers, [
      { a: [49] },
      { a: [50] },
      { b: [51] },
    ])
  })

  it('omits a missing key or value, and keeps an empty one', () => {
    const none = lambdaRecord('t', 0, message({ key: null, value: null }))
    assert.equal('key' in none || 'value' in none, false)
    assert.equal(lambdaRecord('t', 0, message({ value: Buffer.alloc(0) })).value, '')
  })
})

describe('an event (rule 11)', () => {
  it('of MSK names the cluster; records are keyed by topic and partition', () => {
    const mapping = { kind: 'msk', topic: 'a.b-c', eventSourceArn: 'arn' } as const
    assert.deepEqual(lambdaEvent(mapping, ['h:1', 'h:2'], [[0, [lambdaRecord('a.b-c', 0, message())]]]), {
      eventSource: 'aws:kafka',
      eventSourceArn: 'arn',
      bootstrapServers: 'h:1,h:2',
      records: { 'a.b-c-0': [lambdaRecord('a.b-c', 0, message())] },
    })
  })

  it('of a self-managed cluster has no ARN', () => {
    const event = lambdaEvent({ kind: 'kafka', topic: 't' }, ['h:1'], [])
    assert.deepEqual(event, { eventSource: 'SelfManagedKafka', bootstrapServers: 'h:1', records: {} })
  })
})

describe('the size of an event (rules 1, 8)', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))
  const messages = fc.array(
    fc.record({
      key: fc.option(bytes),
      value: fc.option(bytes),
      timestamp: fc.nat().map(String),
      offset: fc.nat().map(String),
      headers: fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(bytes, fc.array(bytes))),
      batchContext: fc.record({ timestampType: fc.constantFrom(0, 1) }),
    }),
    { minLength: 1, maxLength: 5 },
  )

  it('equals the length of the JSON, except for the commas after the last items', () => {
    const mapping = { kind: 'msk', topic: 'topic', eventSourceArn: 'arn' } as const
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 3 }), parts => {
        const event = lambdaEvent(
          mapping,
          ['h:1'],
          parts.map(
            (list, partition) => [partition, list.map(one => lambdaRecord('topic', partition, one))] as const,
          ),
        )
        let counted = JSON.stringify(lambdaEvent(mapping, ['h:1'], [])).length
        for (const [partition, list] of parts.entries()) {
          counted += partitionBytes('topic', partition)
          for (const one of list) counted += recordBytes('topic', partition, one)
        }
        assert.equal(counted - parts.length - 1, Buffer.byteLength(JSON.stringify(event)))
      }),
    )
  })
})
