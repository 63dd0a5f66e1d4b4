import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Event } from '@sluice/runtime'
import { ProcessKit } from '@sluice/runtime/testing'
import { type Level, LOG_LINE, logging } from './application.ts'
import { summary } from './summary.ts'

const NOON_MS = Date.parse('2026-03-01T12:00:00Z')
let number = 0

/** A line of one service, so many seconds after noon. */
function line(level: Level, message: string, at: number): Event {
  number += 1
  const time = new Date(NOON_MS + at * 1000).toISOString()
  return { id: String(number), source: '/services/checkout', type: LOG_LINE, time, data: { level, message } }
}

it('given lines of a minute, then one summary is published after it', async () => {
  const kit = new ProcessKit(summary)
  await kit.when(
    line('info', 'order 17 was placed', 1),
    line('error', 'order 18 was not paid', 2),
    line('error', 'order 19 was not paid', 59),
  )
  await kit.pass(2 * 60_000)
  assert.deepEqual(
    kit.published.map(({ type, data }) => [type, data]),
    [
      [
        'logs.summary',
        {
          from: '2026-03-01T12:00:00.000Z',
          to: '2026-03-01T12:01:00.000Z',
          lines: { info: 1, error: 2 },
          errors: [{ message: 'order # was not paid', count: 2 }],
        },
      ],
    ],
  )
})

it('given many errors in a minute, then they are reported once, at once', async () => {
  const kit = new ProcessKit(summary)
  await kit.when(...Array.from({ length: 30 }, (_, n) => line('error', `kind ${'x'.repeat(n)}`, n)))
  assert.deepEqual(
    kit.published.map(({ type }) => type),
    ['logs.burst'],
  )
  const state = await kit.state('/services/checkout ')
  assert.equal(state?.open[0]?.errors.length, 21)
  assert.deepEqual(state?.open[0]?.errors[0], { message: 'others', count: 10 })
})

it('reports a line of a published minute as late', async () => {
  const kit = new ProcessKit(summary)
  await kit.when(line('info', 'started', 1))
  await kit.pass(2 * 60_000)
  await kit.when(line('info', 'lost on the way', 2))
  assert.deepEqual(kit.outcomes.at(-1), 'applied/late')
})

it('given a line as a log shipper writes it, then it is the same as an event', () => {
  const shipped = {
    time: '2026-03-01T12:00:00Z',
    service: 'checkout',
    host: 'a',
    level: 'info',
    message: 'ok',
  }
  const value = Buffer.from(JSON.stringify(shipped))
  const record = {
    topic: 'logs.lines.local',
    partition: 0,
    offset: 0,
    headers: [],
    key: null,
    timestampMs: NOON_MS,
  }
  const event = logging.readForeign?.({ ...record, value }) as Event | undefined
  assert.deepEqual(
    [event?.source, event?.time, event?.data],
    ['/services/checkout', '2026-03-01T12:00:00.000Z', { level: 'info', message: 'ok' }],
  )
  for (const text of [
    '{',
    'null',
    '{"service":"a","time":"yesterday"}',
    '{"service":"\\ud800","time":"2026-03-01"}',
  ])
    assert.equal(logging.readForeign?.({ ...record, value: Buffer.from(text) }), undefined)
})
