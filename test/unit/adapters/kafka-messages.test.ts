import assert from 'node:assert/strict'
import { it } from 'node:test'
import { logRecordOf } from '../../../lib/adapters/kafka/messages.ts'

const MESSAGE = { key: null, value: null, timestamp: '5', attributes: 0, offset: '7', size: 0 }

it('given headers that are null, alone or among other values of their name, then each is there without bytes', () => {
  const [none, some] = [Buffer.alloc(0), Buffer.from('x')]
  const headers = { alone: null, first: [null, some], last: ['x', null], empty: none } as never
  const record = logRecordOf('t', 3, { ...MESSAGE, headers })
  assert.deepEqual(record.headers, [
    ['alone', none],
    ['first', none],
    ['first', some],
    ['last', some],
    ['last', none],
    ['empty', none],
  ])
  assert.deepEqual([record.partition, record.offset, record.timestampMs], [3, 7, 5])
})
