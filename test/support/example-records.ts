/** Records for the example projects, in the format of real producers. */
import type { Message } from 'kafkajs'
import { writtenMessage } from './written-message.ts'

const SERVICE = 'checkout'
const MINUTE = '2026-03-01T12:00'

/**
 * Returns four log lines of one minute, one of them sent twice, a record of another kind, and a later line, which ends the minute.
 */
export function logRecords(): Message[] {
  const event = {
    ...{ id: '1', source: `/services/${SERVICE}`, type: 'com.example.log.line', time: `${MINUTE}:01Z` },
    data: { level: 'info', message: 'order 17 was placed' },
  }
  const shipped = ['order 18 was not paid', 'order 19 was not paid', 'no stock of article 4'].map(
    (message, n) => ({ time: `${MINUTE}:1${n}Z`, service: SERVICE, host: 'a-1', level: 'error', message }),
  )
  const lines = shipped.map(line => JSON.stringify(line))
  const last = { time: new Date().toISOString(), service: SERVICE, level: 'debug', message: 'idle' }
  const values = [...lines, lines[0] ?? '', 'no line', JSON.stringify(last)]
  return [{ ...writtenMessage(event), key: SERVICE }, ...values.map(value => ({ key: SERVICE, value }))]
}

/** Expected summary of these log lines. */
export const LOG_SUMMARY = {
  from: `${MINUTE}:00.000Z`,
  to: '2026-03-01T12:01:00.000Z',
  lines: { info: 1, error: 3 },
  errors: [
    { message: 'order # was not paid', count: 2 },
    { message: 'no stock of article #', count: 1 },
  ],
}

/** Returns changes of a PostgreSQL row as Debezium envelopes, with and without a schema. One of the changes occurs twice. */
export function changeRecords(): Message[] {
  const key = JSON.stringify({ id: 7 })
  const source = {
    ...{ version: '3.3.1.Final', connector: 'postgresql', name: 'shop', snapshot: 'false', db: 'shop' },
    ...{ schema: 'public', table: 'orders', txId: 565, xmin: null },
  }
  const change = (op: string, lsn: number, before: object | null, after: object | null) => ({
    ...{ op, before, after, transaction: null },
    ...{ source: { ...source, lsn, ts_ms: Date.parse(`${MINUTE}:00Z`) + lsn }, ts_ms: Date.now() },
  })
  const placed = change('c', 1, null, { id: 7, status: 'new', cents: 1250 })
  const shipped = change('u', 2, null, { id: 7, status: 'shipped', cents: 1250 })
  const deleted = change('d', 3, { id: 7, status: null, cents: null }, null)
  const values = [placed, shipped, { schema: { type: 'struct' }, payload: shipped }, deleted]
  return [...values.map(value => ({ key, value: JSON.stringify(value) })), { key, value: null }]
}
