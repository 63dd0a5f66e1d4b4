import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isBefore, type OrderedAlert, orderedAlert } from '../../../lib/alerting/alert-order.ts'
import { firstAlert } from '../../support/alerts.ts'

const [NOON, ONE] = ['2026-03-01T12:00:00.000Z', '2026-03-01T13:00:00.000Z']

describe('the order of two alerts', () => {
  type Place = Omit<OrderedAlert, 'alertId'>
  const cases: readonly [given: string, one: Place, other: Place, isEarlier: boolean][] = [
    ['an earlier start', { startedAt: NOON }, { startedAt: ONE }, true],
    ['a later start', { startedAt: ONE }, { startedAt: NOON }, false],
    ['the same start', { startedAt: NOON }, { startedAt: NOON }, false],
    [
      'the same start and a lower sequence',
      { startedAt: NOON, sequence: '0.1' },
      { startedAt: NOON, sequence: '0.2' },
      true,
    ],
    [
      'the same start and sequence',
      { startedAt: NOON, sequence: '0.1' },
      { startedAt: NOON, sequence: '0.1' },
      false,
    ],
    ['the same start and one sequence', { startedAt: NOON }, { startedAt: NOON, sequence: '0.2' }, false],
    ['an earlier start and no sequence', { startedAt: NOON }, { startedAt: ONE, sequence: '0.2' }, true],
    [
      'an earlier start and a sequence that the other lacks',
      { startedAt: NOON, sequence: '0.2' },
      { startedAt: ONE },
      true,
    ],
    [
      'an earlier start and a lower sequence',
      { startedAt: NOON, sequence: '0.1' },
      { startedAt: ONE, sequence: '0.2' },
      true,
    ],
    [
      'an earlier start and a higher sequence',
      { startedAt: NOON, sequence: '0.2' },
      { startedAt: ONE, sequence: '0.1' },
      false,
    ],
    [
      'a later start and a lower sequence',
      { startedAt: ONE, sequence: '0.1' },
      { startedAt: NOON, sequence: '0.2' },
      false,
    ],
  ]
  for (const [given, one, other, isEarlier] of cases)
    it(`given ${given}, then it is ${isEarlier ? '' : 'not '}before the other`, () => {
      assert.equal(isBefore({ alertId: 'a', ...one }, { alertId: 'b', ...other }), isEarlier)
    })

  it('given that several partitions report an alert, then their sequences are left out', () => {
    const event = { extensions: { sequence: '0.1' } }
    const place = { alertId: 'a-1', startedAt: NOON }
    assert.deepEqual(orderedAlert(firstAlert(), event), { ...place, sequence: '0.1' })
    const clock = firstAlert({ entity: { source: '/clock' } })
    assert.deepEqual(orderedAlert(clock, event), { ...place, sequence: undefined })
  })
})
