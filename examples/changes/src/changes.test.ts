import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Event } from '@sluice/runtime'
import { ProcessKit } from '@sluice/runtime/testing'
import { changes } from './application.ts'
import { orderChanges } from './order-changes.ts'

const ORDER = '/debezium/shop-local/public.orders 7'
const NOON_MS = Date.parse('2026-03-01T12:00:00Z')

/** A change of order 7 as Debezium writes it. */
function captured(op: string, lsn: number, status: string | null, wrapped = false): Event {
  const after = status === null ? null : { id: 7, status }
  const source = { connector: 'postgresql', name: 'shop-local', schema: 'public', table: 'orders', lsn }
  const before = op === 'd' ? { id: 7, status: null } : null
  const payload = { op, before, after, source: { ...source, ts_ms: NOON_MS + lsn } }
  const value = Buffer.from(JSON.stringify(wrapped ? { schema: {}, payload } : payload))
  return changes.readForeign?.({
    topic: 'shop-local.public.orders',
    partition: 0,
    offset: lsn,
    ...{ key: null, timestampMs: NOON_MS, headers: [] },
    value,
  }) as Event
}

it('given the life of a row, then each change that means something is an event', async () => {
  const kit = new ProcessKit(orderChanges)
  await kit.when(
    captured('c', 1, 'new'),
    captured('u', 2, 'new'),
    captured('u', 3, 'shipped', true),
    captured('d', 4, null),
  )
  assert.deepEqual(
    kit.published.map(({ type, data }) => [type, data]),
    [
      ['com.example.order.placed', { orderId: '7', status: 'new' }],
      ['com.example.order.status-changed', { orderId: '7', from: 'new', to: 'shipped' }],
      ['com.example.order.deleted', { orderId: '7' }],
    ],
  )
  assert.equal(await kit.state(ORDER), undefined)
})

it('takes the first reading of a table as a start, and publishes later changes', async () => {
  const kit = new ProcessKit(orderChanges)
  await kit.when(captured('r', 1, 'new'), captured('u', 2, 'paid'))
  assert.deepEqual(
    kit.published.map(({ data }) => data),
    [{ orderId: '7', from: 'new', to: 'paid' }],
  )
})

it('given changes that a connector wrote again, then nothing changes', async () => {
  const kit = new ProcessKit(orderChanges)
  await kit.when(captured('c', 1, 'new'), captured('u', 3, 'paid'), captured('u', 3, 'paid'))
  await kit.when(captured('u', 2, 'new'))
  assert.deepEqual(kit.outcomes, [
    'applied/placed',
    'applied/status-changed',
    'duplicate/id-known',
    'applied/stale',
  ])
})

it('given a record that is not a change of an order, then it is a failure, but not a tombstone', () => {
  const read = (value: string | null) =>
    changes.readForeign?.({
      topic: 'shop-local.public.orders',
      partition: 0,
      offset: 0,
      ...{ key: null, timestampMs: NOON_MS, headers: [] },
      value: value === null ? null : Buffer.from(value),
    }) as Event | undefined
  for (const text of ['{', 'null', '{"op":"u","after":{"id":7},"source":{"ts_ms":1e99}}'])
    assert.equal(read(text), undefined, text)
  const withoutStatus = read('{"op":"u","after":{"id":7},"source":{"ts_ms":1,"lsn":1}}') as Event
  assert.equal(changes.readData(withoutStatus).kind, 'failure')
  assert.equal(changes.ignoredTypes.get(read(null)?.type ?? ''), 'tombstone')
})
