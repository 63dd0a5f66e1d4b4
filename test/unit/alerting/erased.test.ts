/** Alerts of an entity that an operator erases. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { schemaViolation } from '../../../lib/app/schemas.ts'
import { erasing } from '../../support/erasures.ts'
import { FAMILIES } from '../../support/families.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'
import { createRule } from './support.ts'

const ONE = { source: '/environment/test-site', subject: 's-1' }
const [HOT, LATER] = [
  createRule({ name: 'HOT', fireAbove: 40 }),
  createRule({ name: 'LATER', fireAbove: 30, for: '5m' }),
]

describe('given an entity with a firing alert and a pending one', () => {
  async function erased(last = reading('b', { temperature: 50, at: 1 }), rules = [HOT, LATER]) {
    const stage = new Stage(alerting(FAMILIES, rules))
    const erasure = record(2, erasing(ONE))
    await stage.batch([record(0, reading('a', { temperature: 50 })), record(1, last), erasure])
    const alerts = stage.events.map(({ data }) => data as Alert)
    return { stage, erasure, alerts }
  }

  it('when it is erased, then the firing one resolves as erased, once, and nothing is said of the other', async () => {
    const { stage, erasure, alerts } = await erased()
    const [fired, resolved] = alerts
    assert.equal(alerts.length, 2)
    assert.ok(resolved?.status === 'resolved')
    assert.deepEqual([resolved.rule, resolved.reason], ['HOT', 'erased'])
    assert.equal(resolved.alertId, fired?.alertId)
    assert.equal(Date.parse(resolved.endedAt), erasure.timestampMs)
    assert.equal(schemaViolation(FAMILIES, 'io.sluice.alert.resolved.v1', resolved), undefined)
    assert.equal(await stage.state('/environment/test-site s-1'), undefined)
  })

  it('when it is erased before its last reading claims to have been, then the alert ends no earlier', async () => {
    const { alerts } = await erased(reading('b', { temperature: 50, at: 3_660 }), [HOT])
    const [, resolved] = alerts
    assert.ok(resolved?.status === 'resolved')
    assert.equal(resolved.endedAt, '2026-03-01T13:01:00.000Z')
  })

  it('when a reading comes after the erasure, then it may fire again, as another alert', async () => {
    const { stage, alerts } = await erased()
    await stage.batch([record(3, reading('c', { temperature: 50, at: 2 }))])
    const again = stage.events.at(-1)?.data as Alert
    assert.equal(again.status, 'firing')
    assert.notEqual(again.alertId, alerts[0]?.alertId)
    assert.equal(again.fingerprint, alerts[0]?.fingerprint)
  })
})
