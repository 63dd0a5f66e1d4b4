import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LogRecord, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { environmentReading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { followSelection, type RowChange } from '../../../../control/statements/follow-selection.ts'
import { dataReader } from '../../../../lib/app/data/data-reader.ts'
import { TICK_TYPE } from '../../../../lib/telemetry/tick.ts'
import { compilePlan } from '../../../../lib/views/language/compile-plan.ts'
import { compileSelect } from '../../../../lib/views/language/compile-select.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import { FAMILIES, VOCABULARY } from '../../../support/families.ts'

const STREAMS = `CREATE STREAM orders (customer_id VARCHAR, total DOUBLE)
    WITH (KAFKA_TOPIC = 'events', TYPE = 'com.example.order.v1');
  CREATE STREAM all_events (sensor_id VARCHAR, total DOUBLE) WITH (KAFKA_TOPIC = 'events');`

const order = (id: string, data: object): Event => ({
  ...{ id, source: '/shop', subject: 'c-1', type: 'com.example.order.v1', time: '2026-03-01T12:00:00Z' },
  ...{ datacontenttype: 'application/json', data },
})

/** Follows the events of a topic from its beginning, until as many rows as are expected have come. */
async function followRows(
  sql: string,
  events: readonly Event[],
  count: number,
): Promise<readonly RowChange[]> {
  const plan = compilePlan(FAMILIES, [{ name: 'a.sql', text: STREAMS }], parse)
  const topics: string[] = []
  const records = events.map((event, offset): LogRecord => {
    const place = { topic: 'topic of events', partition: 0, offset, timestampMs: 5, key: null }
    return { ...place, ...writeEvent(event) }
  })
  records.push({ ...(records[0] as LogRecord), offset: records.length, value: Buffer.from('{'), headers: [] })
  const stop = new AbortController()
  const log = {
    families: FAMILIES,
    log: new MemoryLogReader(records),
    offsets: { bounds: async () => [{ start: 0, end: records.length }] },
    plan: async () => undefined,
    getTopic: (signal: string) => {
      topics.push(signal)
      return `topic of ${signal}`
    },
    reader: dataReader(VOCABULARY),
  }
  const rows: RowChange[] = []
  for await (const row of followSelection(log, compileSelect(sql, plan, parse), 'beginning', stop.signal))
    if (rows.push(row) === count) stop.abort()
  assert.deepEqual(topics, ['events'])
  return rows
}

describe('the events of a stream, as they come', () => {
  const events = [
    order('1', { customer_id: 'c-1', total: 12.5 }),
    order('2', { customer_id: 7, items: [1] }),
    { ...environmentReading('3', {}), data: { sensorId: 's', temperature: 'hot' } },
    { ...order('tick', {}), type: TICK_TYPE },
    order('4', { customer_id: 'c-2', total: 3 }),
  ]

  it('given a type that our table does not have, then any field of its data is a column', async () => {
    assert.deepEqual(
      await followRows('SELECT customer_id, total, SUBJECT FROM orders EMIT CHANGES', events, 3),
      [
        ['c-1', 12.5, 'c-1'],
        ['7', null, 'c-1'],
        ['c-2', 3, 'c-1'],
      ],
    )
  })

  it('given no type, then ticks, and records that every consumer refuses, are not rows', async () => {
    const sql = 'SELECT TYPE, sensor_id FROM all_events WHERE total IS DISTINCT FROM 12.5 EMIT CHANGES'
    assert.deepEqual(await followRows(sql, events, 2), [
      ['com.example.order.v1', null],
      ['com.example.order.v1', null],
    ])
  })
})
