import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { orderedAlert } from '../../../lib/alerting/alert-order.ts'
import { firstAlert } from '../../support/alerts.ts'

const NOON = '2026-03-01T12:00:00.000Z'

describe('the order of two alerts', () => {
  it('given that several partitions report an alert, then their sequences are left out', () => {
    const event = { extensions: { sequence: '0.1' } }
    const place = { alertId: 'a-1', startedAt: NOON }
    assert.deepEqual(orderedAlert(firstAlert(), event), { ...place, sequence: '0.1' })
    const clock = firstAlert({ entity: { source: '/clock' } })
    assert.deepEqual(orderedAlert(clock, event), { ...place, sequence: undefined })
  })
})
