import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findEventTime } from '../../../../control/tables/alert-end.ts'
import {
  type AlertFilter,
  type AlertSummary,
  alertSummary,
  filteredAlerts,
} from '../../../../control/tables/alert-summary.ts'
import type { FiredAlert } from '../../../../lib/alerting/alert.ts'
import { firstAlert } from '../../../support/alerts.ts'
import { FAMILIES } from '../../../support/families.ts'

const at = (clock: string) => `2026-03-01T${clock}:00.000Z`
const ms = (clock: string) => Date.parse(at(clock))

function summary(alertId: string, changes: Partial<FiredAlert>): AlertSummary {
  return alertSummary(FAMILIES, firstAlert({ alertId, ...changes }), null)
}

const roof = (subject: string) => ({ entity: { source: '/environment/vienna', subject } })
const ALERTS = [
  summary('late', { startedAt: at('14:05'), ...roof('roof-10'), labels: {} }),
  summary('mild', { startedAt: at('12:30'), ...roof('roof-1'), severity: 'warning', rule: 'HIGH_WIND' }),
  summary('held', { startedAt: at('12:00'), ...roof('roof-1') }),
  summary('row', {
    startedAt: at('11:00'),
    entity: { source: '/views/by_sensor', subject: '["berlin",3]' },
    severity: 'info',
    rule: 'ROWS',
    labels: {},
  }),
]

describe('alerts that are asked for', () => {
  const cases: [filter: AlertFilter, expected: string[]][] = [
    [{}, ['row', 'held', 'mild', 'late']],
    [{ entity: '/views/by_sensor berlin, 3' }, ['row']],
    [{ entity: '["berlin",3]' }, ['row']],
    [{ match: { rule: ['HIGH_TEMP'] } }, ['held', 'late']],
    [{ match: { rule: ['HIGH'] } }, []],
    [{ match: { rule: ['HIGH_W*'] } }, ['mild']],
    [{ match: { severity: ['warning'] } }, ['mild']],
    [{ entity: 'roof-1' }, ['held', 'mild']],
    [{ entity: 'ROOF vienna' }, ['held', 'mild', 'late']],
    [{ entity: '/environment/vienna roof-10' }, ['late']],
    [{ match: { labels: { team: ['ops'] } } }, ['held', 'mild']],
    [{ match: { labels: { team: ['dev'] } } }, []],
    [{ match: { labels: { toString: ['x'] } } }, []],
    [{ sinceMs: ms('12:30') }, ['mild', 'late']],
    [{ untilMs: ms('12:30') }, ['row', 'held']],
    [{ sinceMs: ms('12:01'), untilMs: ms('13:00'), match: { severity: ['critical'] } }, []],
  ]
  for (const [filter, expected] of cases)
    it(`given ${JSON.stringify(filter)}, then ${expected.join(', ') || 'none'}`, () =>
      assert.deepEqual(
        filteredAlerts(ALERTS, filter).map(({ id }) => id),
        expected,
      ))
})

it('given alerts about old readings, then they are listed when they were written, with the time of the event', () => {
  const write = (alertId: string, clock: string) =>
    alertSummary(FAMILIES, firstAlert({ alertId, startedAt: at('11:00') }), null, ms(clock))
  const alerts = [write('last', '12:30'), ...ALERTS, write('usual', '11:01')]
  const found = filteredAlerts(alerts, { entity: 's-1' }).map(alert => `${alert.id} ${findEventTime(alert)}`)
  assert.deepEqual(found, [`usual ${at('11:00')}`, `last ${at('11:00')}`])
})

it('given a rule of states, then the state is the value; given a silence, then it has no value', () => {
  const { value: _, threshold: __, ...silent } = firstAlert()
  assert.equal(alertSummary(FAMILIES, { ...silent, state: 'falling' }, null).value, 'falling')
  const { value, threshold } = alertSummary(FAMILIES, silent, null)
  assert.deepEqual([value, threshold], [null, null])
})

it('given a number with a unit, then its alert has the unit; given a derived number or a state, then none', () => {
  assert.equal(alertSummary(FAMILIES, firstAlert(), null).unit, '°C')
  assert.equal(alertSummary(FAMILIES, firstAlert({ value: 3.2, measured: 41 }), null).unit, undefined)
  assert.equal(alertSummary(FAMILIES, firstAlert({ metric: 'status' }), null).unit, undefined)
})
