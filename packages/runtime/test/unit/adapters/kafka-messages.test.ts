import assert from 'node:assert/strict'
import { it } from 'node:test'
import { toLogRecord } from '../../../adapters/kafka/log-reader.ts'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { receive } from '../../../pipeline/batch/receive.ts'
import { computeDigest } from '../../../pipeline/model/fingerprint.ts'

const MESSAGE = { key: null, value: null, timestamp: '5', attributes: 0, offset: '7', size: 0 }

it('given null headers, alone or among other values of their name, then each is null', () => {
  const [none, some] = [Buffer.alloc(0), Buffer.from('x')]
  const headers = { alone: null, first: [null, some], last: ['x', null], empty: none } as never
  const record = toLogRecord('t', 3, { ...MESSAGE, headers })
  assert.deepEqual(record.headers, [
    ['alone', null],
    ['first', null],
    ['first', some],
    ['last', some],
    ['last', null],
    ['empty', none],
  ])
  assert.deepEqual([record.partition, record.offset, record.timestampMs], [3, 7, 5])
})

it('given the same record through the library and through Lambda, then both have the same digest', () => {
  const [key, value] = [Buffer.from('k'), Buffer.from([0, 255, 128])]
  const headers = { b: ['1', null, Buffer.from([200])], a: null, é: '', 10: 'x' } as never
  const read = toLogRecord('t', 3, { ...MESSAGE, key, value, headers })
  const place = { topic: 't', partition: 3, offset: 7, timestamp: 5 }
  const bytes = { key: key.toString('base64'), value: value.toString('base64') }
  // Headers as written; Lambda's bytes may be signed, and a null is not a list.
  const named = [{ b: [49] }, { é: [] }, { b: null }, { 10: [120] }, { a: {} }, { b: [-56] }]
  const [batch] = receive({ records: { 't-3': [{ ...place, ...bytes, headers: named }] } })
  assert.deepEqual(
    batch?.records[0]?.headers.map(([, value]) => value === null),
    [false, false, true, false, true, false],
  )
  assert.equal(computeDigest(batch?.records[0] as LogRecord), computeDigest(read))
  const bare = receive({ records: { 't-3': [place] } })
  assert.equal(computeDigest(bare[0]?.records[0] as LogRecord), computeDigest(toLogRecord('t', 3, MESSAGE)))
})
