import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alertsOfRule } from '../../../../console/api/alerts/of-rule.ts'

const RULES = [
  'HIGH_TEMP',
  'HOT',
  'HOT_ROOM{floor="HIGH"} environment.temperature',
  'HOT environment.humidity',
]
const ALERTS = RULES.map(rule => ({ rule }))

function found(asked: string | undefined): number[] {
  return alertsOfRule(ALERTS, asked).map(alert => ALERTS.indexOf(alert))
}

describe('alerts by their rule', () => {
  it('given a part of a name, then the alerts of all such rules are found', () => {
    assert.deepEqual([found('HIGH'), found('room'), found('OT_')], [[0], [2], [2]])
  })

  it('given a whole name, then rules whose names contain it are not meant', () => {
    assert.deepEqual(found('HOT'), [1, 3])
  })

  it('given no name, then all are; given one that there is not, then none', () => {
    assert.deepEqual([found(undefined), found('COLD')], [[0, 1, 2, 3], []])
  })
})
