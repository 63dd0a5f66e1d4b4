import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Emission } from '#runtime/test/support/inside'
import { getAlert, HOT, listAlerts, readingAt, steps, temperatures } from './process-support.ts'
import { above, createRule, ms } from './support.ts'

describe('what is emitted', () => {
  test('given a value that comes and goes, then one event for each change and none besides', () => {
    const made = steps([HOT], temperatures(['0s', 39], ['1m', 41], ['2m', 42], ['3m', 40], ['4m', 39]))
    assert.deepEqual(
      made.map(({ reason, emit }) => [reason, ...emit.map(({ type }) => type)]),
      [
        ['unchanged'],
        ['fired', 'io.sluice.alert.fired.v1'],
        ['unchanged'],
        ['resolved', 'io.sluice.alert.resolved.v1'],
        ['unchanged'],
      ],
    )
  })

  // Promise docs/alerts.md#the-events | The two events of an alert say all of it, and are in one partition, in order.
  test('given a pending alert that fires and resolves, then both events contain the whole of it', () => {
    const rule = { ...HOT, condition: above(40, 35), forMs: ms('1m') }
    const [, fired, resolved] = steps([rule], temperatures(['0s', 41], ['1m', 41.5], ['2m', 35]))
    const { alertId, fingerprint, ...data } = getAlert(fired?.emit[0])
    assert.deepEqual(data, {
      rule: 'HOT',
      severity: 'critical',
      status: 'firing',
      labels: { team: 'ops' },
      summary: 'sensor-1 41.5 °C',
      entity: { source: '/environment/oslo', subject: 'sensor-1' },
      family: 'environment',
      metric: 'temperature',
      value: 41.5,
      threshold: 40,
      activeAt: '2026-03-01T00:00:00.000Z',
      startedAt: '2026-03-01T00:01:00.000Z',
      reason: 'condition',
    })
    const emission = fired?.emit[0] as Emission
    const { data: _, name, ...envelope } = emission
    assert.deepEqual(envelope, {
      to: 'alerts',
      key: fingerprint,
      type: 'io.sluice.alert.fired.v1',
      dataschema: 'https://sluice.io/schemas/alert.fired.v1.json',
      source: '/alerting',
      subject: 'HOT /environment/oslo sensor-1',
    })
    assert.deepEqual(resolved?.emit[0]?.data, {
      ...data,
      alertId,
      fingerprint,
      status: 'resolved',
      value: 35,
      threshold: 35,
      endedAt: '2026-03-01T00:02:00.000Z',
      reason: 'cleared',
    })
    assert.equal(resolved?.emit[0]?.key, fingerprint)
    assert.notEqual(resolved?.emit[0]?.name, name)
  })

  test('given an alert that fires again, then it has a new id under the same fingerprint', () => {
    const made = steps(
      [HOT],
      temperatures(['0s', 41], ['1m', 10], ['1m', 41], ['1m', 10], ['1m', 41], ['2m', 10]),
    )
    const alerts = listAlerts(made)
    assert.deepEqual(
      alerts.map(({ status }) => status),
      ['firing', 'resolved', 'firing', 'resolved', 'firing', 'resolved'],
    )
    const ids = alerts.map(({ alertId }) => alertId)
    assert.deepEqual([ids[0], ids[2], ids[4]], [ids[1], ids[3], ids[5]])
    assert.equal(new Set(ids).size, 3)
    assert.equal(new Set(alerts.map(({ fingerprint }) => fingerprint)).size, 1)
  })

  test('given one reading that several rules judge, then an emission each, with names of their own', () => {
    const rules = [
      createRule({ name: 'WARM', fireAbove: 30 }),
      HOT,
      createRule({ fireAbove: 40, labels: { team: 'night' } }),
      createRule({ name: 'DRY', metric: 'humidity', fireBelow: 20 }),
      createRule({ name: 'CALM', metric: 'windSpeed', fireBelow: 1 }),
    ]
    const [step] = steps(rules, [readingAt('0s', { temperature: 45, humidity: 10, windSpeed: 5 })])
    assert.deepEqual(
      step?.emit.map(emission => getAlert(emission).rule),
      ['WARM', 'HOT', 'HOT', 'DRY'],
    )
    for (const distinct of ['name', 'key'] as const) {
      assert.equal(new Set(step?.emit.map(emission => emission[distinct])).size, 4)
    }
    assert.equal(step?.reason, 'fired')
  })

  test('given other entities, then other fingerprints', () => {
    const other = {
      ...readingAt('0s', { temperature: 41 }),
      subject: 'sensor-2',
      entity: '/environment/oslo sensor-2',
    }
    const [here] = listAlerts(steps([HOT], temperatures(['0s', 41])))
    const [there] = listAlerts(steps([HOT], [other]))
    assert.notEqual(here?.fingerprint, there?.fingerprint)
  })
})
