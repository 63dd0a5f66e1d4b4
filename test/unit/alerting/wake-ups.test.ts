import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../lib/alerting/alert.ts'
import type { AlertingState } from '../../../lib/alerting/entity-state.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { buildRuleSet } from '../../../lib/alerting/rule-set.ts'
import { rulesActivated } from '../../../lib/alerting/rules-activated.ts'
import { FAMILIES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'
import { createRule } from './support.ts'

const SENSOR = '/environment/test-site s-1'
const KEPT = createRule({ fireAbove: 40, keepFiringFor: '5m' })
/** When the timers are due that are more than those of looking. */
const timers = async (kit: Kit<AlertingState>) =>
  Object.entries(await kit.timers(SENSOR)).flatMap(([name, due]) =>
    name === 'look' ? [] : `${name.split(' ')[0]} ${due.toISOString().slice(11, 16)}`,
  )
const told = (kit: Kit<AlertingState>) =>
  kit.publishedEvents.map(({ time, data }) => `${time?.slice(11, 16)} ${(data as Alert).status}`)

describe('the timers of an entity', () => {
  it('given no change that time could bring, then the only timer is that of looking', async () => {
    const kit = new Kit(
      alerting(FAMILIES, [createRule({ fireAbove: 40, staleAfter: '5m', onSilence: 'ok' })]),
    )
    await kit.when(reading('a', { temperature: 20 }))
    assert.deepEqual(Object.keys(await kit.timers(SENSOR)), ['look'])
  })

  it('given a recovering alert, when it relapses, then the timer of its end is gone', async () => {
    const kit = new Kit(alerting(FAMILIES, [KEPT]))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 60, temperature: 30 }))
    assert.deepEqual(await timers(kit), ['check 12:05', 'wake 12:06'])
    await kit.when(reading('c', { at: 120, temperature: 41 }))
    assert.deepEqual(await timers(kit), ['check 12:05'])
    await kit.pass(10 * 60_000)
    assert.deepEqual(told(kit), ['12:00 firing'])
  })

  it('given a recovering alert, when nothing more arrives, then it resolves once, at its instant', async () => {
    const kit = new Kit(alerting(FAMILIES, [KEPT]))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 60, temperature: 30 }))
    await kit.pass(60 * 60_000)
    assert.deepEqual(told(kit), ['12:00 firing', '12:06 resolved'])
    assert.deepEqual(await timers(kit), [])
  })

  it('given onSilence, when readings go on, then the timer moves with them', async () => {
    const kit = new Kit(
      alerting(FAMILIES, [createRule({ fireAbove: 40, staleAfter: '5m', onSilence: 'no-data' })]),
    )
    await kit.when(reading('a', { temperature: 20 }))
    assert.deepEqual(await timers(kit), ['silence 12:05'])
    await kit.when(reading('b', { at: 240, temperature: 20 }))
    assert.deepEqual(await timers(kit), ['silence 12:09'])
    await kit.pass(60 * 60_000)
    assert.deepEqual(told(kit), ['12:09 firing'])
  })

  it('given a rule that is edited while it waits, then the next reading sets the timer anew', async () => {
    const kit = new Kit(alerting(FAMILIES, [KEPT]))
    await kit.when(
      reading('a', { temperature: 41 }),
      reading('b', { at: 60, temperature: 30 }),
      rulesActivated(
        buildRuleSet([createRule({ fireAbove: 40, keepFiringFor: '1m' })]),
        0,
        '2026-03-01T12:01:30Z',
      ),
    )
    // Already over by the new rule, but a timer is still to come.
    await kit.when({
      ...reading('c', { at: 150 }),
      data: { ...(reading('c').data as object), temperature: 30 },
    })
    assert.deepEqual(told(kit), ['12:00 firing', '12:02 resolved'])
  })

  it('given an alert that fires for hours, when readings go on, then its check moves and never fires', async () => {
    const kit = new Kit(alerting(FAMILIES, [KEPT]))
    for (let minute = 0; minute < 180; minute += 1)
      await kit.when(reading(`r${minute}`, { at: minute * 60, temperature: 41 }))
    assert.equal(kit.outcomes.filter(outcome => outcome.startsWith('timer/')).length, 0)
  })

  it('given an alert whose entity is silent, then it is looked at every five minutes', async () => {
    const kit = new Kit(alerting(FAMILIES, [KEPT]))
    await kit.when(reading('a', { temperature: 41 }))
    await kit.pass(60 * 60_000 + 59_000)
    assert.equal(kit.outcomes.filter(outcome => outcome.startsWith('timer/')).length, 12)
  })

  it('given an entity without an alert, when it falls silent, then it is looked at once an hour', async () => {
    const kit = new Kit(alerting(FAMILIES, [KEPT]))
    await kit.when(reading('a', { temperature: 20 }))
    await kit.pass(24 * 60 * 60_000 + 59_000)
    assert.equal(kit.outcomes.filter(outcome => outcome.startsWith('timer/')).length, 23)
  })

  it('given many rules of all kinds, then a step costs no more timers than instants', async () => {
    const rules = Array.from({ length: 200 }, (_, index) =>
      createRule({
        name: `R${index}`,
        fireAbove: 40,
        staleAfter: '5m',
        onSilence: 'no-data',
        keepFiringFor: '2m',
      }),
    )
    const kit = new Kit(alerting(FAMILIES, rules))
    await kit.when(reading('a', { temperature: 41 }), reading('b', { at: 60, temperature: 20 }))
    assert.equal((await timers(kit)).length, 3)
  })
})
