import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { readAlert } from '../../../../control/queries/alerts/alerts-topic.ts'
import { conditionsNow, readActiveAlerts } from '../../../../control/tables/conditions.ts'
import type { FiredAlert } from '../../../../lib/alerting/alert.ts'
import { computePatternKey, type PatternRule } from '../../../../lib/alerting/patterns/pattern.ts'
import type { PatternStates } from '../../../../lib/alerting/patterns/pattern-run.ts'
import { patterns } from '../../../../lib/alerting/patterns/process.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { alertFired } from '../../../support/alerts.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createInspection } from '../tables/stored.ts'

const READINGS = { topic: 'readings', partitions: 2 }
const GROUPS = { topic: 'patterns', partitions: 1 }
const SINCE_MS = Date.parse('2026-03-01T12:00:00Z')
const FIRED = alertFired('a').data

describe('alerts that are on', () => {
  it('given states of alerting, then pending, firing and recovering alerts are listed, by entity and rule', async () => {
    const state = (phase: string) => ({
      phase,
      seenMs: SINCE_MS,
      activeAtMs: SINCE_MS,
      clearedAtMs: SINCE_MS,
    })
    const consumer = alerting(FAMILIES, []).name
    const inspection = createInspection({
      [`${consumer} readings/0`]: {
        states: [
          [
            '/e s-2',
            { seen: {}, rules: { 'HIGH_WIND e.windSpeed': { state: state('recovering'), alert: FIRED } } },
          ],
          [
            '/e s-1',
            {
              seen: {},
              rules: {
                'LOW_TEMP e.temperature': { state: state('pending') },
                'HIGH_TEMP e.temperature': { state: state('firing'), alert: FIRED },
                'HIGH_CPU d.cpu': { state: { phase: 'inactive', seenMs: 1, before: state('pending') } },
                'WET e.humidity': {
                  state: { phase: 'inactive', seenMs: 1 },
                  noData: { ...FIRED, rule: 'NoData' },
                },
              },
            },
          ],
        ],
      },
    })
    const { active: found } = await conditionsNow(inspection, READINGS, GROUPS)
    assert.deepEqual(
      found.map(({ entity, rule, phase, alert }) => [entity, rule, phase, alert?.rule ?? null]),
      [
        ['/e s-1', 'HIGH_TEMP e.temperature', 'firing', 'HIGH_TEMP'],
        ['/e s-1', 'LOW_TEMP e.temperature', 'pending', null],
        ['/e s-1', 'NoData WET e.humidity', 'firing', 'NoData'],
        ['/e s-2', 'HIGH_WIND e.windSpeed', 'recovering', 'HIGH_TEMP'],
      ],
    )
    assert.equal(found[0]?.activeAt, '2026-03-01T12:00:00.000Z')
    // No states of other entities are read.
    const { state: read } = inspection
    const one = await readActiveAlerts({ state: read }, READINGS, GROUPS, '/e s-1')
    assert.deepEqual(
      one,
      found.filter(({ entity }) => entity === '/e s-1'),
    )
    assert.deepEqual(await readActiveAlerts({ state: read }, READINGS, GROUPS, '/e s-3'), [])
  })

  it('given that the pipeline is down, then that is one alert, however many partitions have noticed', async () => {
    const alert = { ...FIRED, rule: 'PIPELINE_DOWN' }
    const down = { state: { phase: 'firing', seenMs: SINCE_MS, activeAtMs: SINCE_MS }, alert }
    const states = [['/clock ', { seen: {}, rules: { PIPELINE_DOWN: down }, lastTickMs: SINCE_MS }]] as const
    const inspection = createInspection({
      'alerting readings/0': { states },
      'alerting readings/1': {
        states: [
          ['/clock ', { seen: {}, rules: {}, lastTickMs: SINCE_MS }],
          ['/e s-1', { seen: {}, rules: {} }],
        ],
      },
    })
    const both = createInspection({ 'alerting readings/0': { states }, 'alerting readings/1': { states } })
    for (const stored of [inspection, both])
      assert.deepEqual(
        (await conditionsNow(stored, READINGS, GROUPS)).active.map(({ entity, rule }) => [entity, rule]),
        [['/clock ', 'PIPELINE_DOWN']],
      )
  })
})

describe('rules over several events that are on', () => {
  it('given states of groups, then pending and firing alerts are listed', async () => {
    const key = (name: string) => computePatternKey({ name, labels: {} } as PatternRule, 'shape')
    const states: PatternStates = {
      tracked: {
        [key('COUNT')]: { state: { counted: [SINCE_MS, SINCE_MS + 1000] } },
        [key('PAIR')]: { state: { firing: { activeAtMs: SINCE_MS } }, alert: FIRED as FiredAlert },
      },
    }
    const inspection = createInspection({
      [`${patterns(FAMILIES, []).name} patterns/0`]: { states: [['/groups/tenant acme', states]] },
    })
    const { active: found } = await conditionsNow(inspection, READINGS, GROUPS)
    assert.deepEqual(
      found.map(({ entity, rule, phase, activeAt, alert }) => [entity, rule, phase, activeAt, alert?.rule]),
      [
        ['/groups/tenant acme', 'COUNT pattern', 'pending', '2026-03-01T12:00:00.000Z', undefined],
        ['/groups/tenant acme', 'PAIR pattern', 'firing', '2026-03-01T12:00:00.000Z', 'HIGH_TEMP'],
      ],
    )
    // No states of other groups are read.
    const { state: read } = inspection
    assert.deepEqual(await readActiveAlerts({ state: read }, READINGS, GROUPS, '/groups/tenant acme'), found)
  })
})

describe('alerts that were published', () => {
  const alert = logRecord(0, alertFired('a', { at: 3 }), { topic: 'alerts' })

  it('given an alert, then it has the time of its event, or else of its record', () => {
    assert.equal(readAlert(alert)?.alert.rule, 'HIGH_TEMP')
    assert.equal(readAlert(alert)?.timeMs, SINCE_MS + 3_000)
    const { time: _, ...timeless } = alertFired('a')
    assert.equal(readAlert(logRecord(0, timeless, { timestampMs: 17 }))?.timeMs, 17)
  })

  it('given records that are not alerts, then they are passed over', () => {
    const foreign = logRecord(1, environmentReading('r'), { topic: 'alerts' })
    const broken = logRecord(
      2,
      { ...alertFired('b'), data: { status: 'firing' } as never },
      { topic: 'alerts' },
    )
    const noEvent = logRecord(3, { value: Buffer.from('hello') }, { topic: 'alerts' })
    const found = [alert, foreign, broken, noEvent].flatMap(record => readAlert(record)?.alert.alertId ?? [])
    assert.deepEqual(found, ['alert-a'])
  })
})
