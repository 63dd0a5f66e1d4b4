import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '#runtime/consumer/event.ts'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { asked, fired, resolved } from './support.ts'

const [NOON, LATER, LAST] = ['2026-03-01T12:00:00Z', '2026-03-01T12:05:30.500Z', '2026-03-01T13:00:00Z']

describe('alert_log', () => {
  it('given an alert that fired and resolved, then one row has both times and what fired it', async () => {
    const hot = fired('a', NOON, { labels: { site: 'vienna' } })
    assert.deepEqual(await asked([hot, resolved(hot, LATER)], 'FROM alert_log'), [
      {
        alert_type: 'HIGH_TEMP',
        alert_ts: '2026-03-01 12:00:00',
        sensor_id: 's-1',
        value: 41,
        severity: 'critical',
        resolved_ts: '2026-03-01 12:05:30.5',
        duration_s: 330.5,
        threshold: 40,
        reason: 'condition',
        resolved_reason: 'cleared',
        resolved_value: 20,
        family: 'environment',
        metric: 'temperature',
        measured: null,
        state: null,
        labels: { site: 'vienna' },
        source: '/environment/test-site',
        subject: 's-1',
        active_ts: '2026-03-01 12:00:00',
        summary: 'Extreme heat at s-1: 41 °C, above 40 °C',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        alert_id: 'a',
        fingerprint: 'HIGH_TEMP-s-1',
        partition: 0,
        offset: 0,
      },
    ])
  })

  it('given events that were published again, then there is one row and each transition is there once', async () => {
    const hot = fired('a', NOON)
    const cool = resolved(hot, LATER)
    const events = [hot, hot, cool, hot, cool]
    assert.deepEqual(await asked(events, 'SELECT alert_id FROM alert_log'), [{ alert_id: 'a' }])
    const order = 'SELECT event, "offset" FROM alert_events'
    assert.deepEqual(await asked(events, order), [
      { event: 'fired', offset: 0 },
      { event: 'resolved', offset: 2 },
    ])
  })

  it('given a second event of one alert under another id, then there is still one row, of the first', async () => {
    const again = { ...fired('a', LATER, { value: 50 }), id: 'other' }
    assert.deepEqual(await asked([fired('a', NOON), again], 'SELECT alert_id, value FROM alert_log'), [
      { alert_id: 'a', value: 41 },
    ])
  })

  it('given an alert that fired again after its end, then there are two rows', async () => {
    const first = fired('a', NOON)
    const events = [first, resolved(first, LATER), fired('b', LAST)]
    assert.deepEqual(await asked(events, 'SELECT alert_id, resolved_ts IS NULL AS fires FROM alert_log'), [
      { alert_id: 'a', fires: false },
      { alert_id: 'b', fires: true },
    ])
  })

  it('given alerts of silence, of a state and of the pipeline, then what they do not have is null', async () => {
    const silent = without(fired('n', NOON, { rule: 'NoData', labels: { rule: 'WET' }, reason: 'silent' }), [
      'value',
      'threshold',
    ])
    const state = without(fired('s', NOON, { rule: 'FELL', state: 'fallen' }), ['value', 'threshold'])
    const pipeline = without(fired('p', NOON, { rule: 'PIPELINE_DOWN', entity: { source: '/readings/3' } }), [
      'value',
      'threshold',
      'family',
      'metric',
    ])
    assert.deepEqual(
      await asked(
        [silent, state, pipeline],
        `SELECT alert_type, sensor_id, value, state, metric, labels['rule'] AS rule FROM alert_log ORDER BY alert_type`,
      ),
      [
        {
          alert_type: 'FELL',
          sensor_id: 's-1',
          value: null,
          state: 'fallen',
          metric: 'temperature',
          rule: null,
        },
        {
          alert_type: 'NoData',
          sensor_id: 's-1',
          value: null,
          state: null,
          metric: 'temperature',
          rule: 'WET',
        },
        {
          alert_type: 'PIPELINE_DOWN',
          sensor_id: '/readings/3',
          value: null,
          state: null,
          metric: null,
          rule: null,
        },
      ],
    )
  })

  it('given records that are no alert events, or of an unknown type, then neither makes a row of alert_log', async () => {
    const unknown = { ...fired('a', NOON), type: 'io.example.escalated.v3', id: 'u' }
    const events = [
      unknown,
      { value: Buffer.from('hello') },
      { ...fired('a', NOON), data: { rule: 'X' } as never },
    ]
    assert.deepEqual(
      await asked(events, 'SELECT event FROM alert_events; SELECT count(*) AS n FROM alert_log'),
      [{ event: 'io.example.escalated.v3' }, { n: 0 }],
    )
  })
})

function without(event: Event<Alert>, names: readonly string[]): Event<Alert> {
  const data = Object.fromEntries(Object.entries(event.data ?? {}).filter(([name]) => !names.includes(name)))
  return { ...event, data: data as unknown as Alert }
}
