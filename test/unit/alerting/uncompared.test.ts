/** A reading that cannot be compared yet: too little history. It ends a silence, and decides nothing else. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event } from '#runtime/consumer'
import { environmentReading as reading } from '#runtime/test/support/records'
import type { Alert } from '../../../lib/alerting/alert.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import type { RuleState } from '../../../lib/alerting/rule-state.ts'
import { transition } from '../../../lib/alerting/transition.ts'
import { FAMILIES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'
import { createRule } from './support.ts'

const MINUTE = 60_000
const rule = createRule({ fireAbove: 80, for: '10m', staleAfter: '5m', onSilence: 'ok' })
const noData = createRule({ fireAbove: 80, for: '10m', staleAfter: '5m', onSilence: 'no-data' })
const after = (previous: RuleState | undefined, timeMs: number, of = rule) =>
  transition(of, previous, { timeMs, value: null })

describe('given a reading that cannot be compared', () => {
  test('when the alert is pending, then it stays pending, and has been seen', () => {
    const pending: RuleState = { phase: 'pending', seenMs: 0, activeAtMs: 0 }
    const state = { ...pending, seenMs: 5 * MINUTE }
    assert.deepEqual(after(pending, 5 * MINUTE), { state, reason: 'no-history', atMs: 5 * MINUTE })
  })

  test('when the alert is pending and the silence before was too long, then it ends', () => {
    const pending: RuleState = { phase: 'pending', seenMs: 0, activeAtMs: 0 }
    const state = { phase: 'inactive', seenMs: 5 * MINUTE + 1 }
    assert.deepEqual(after(pending, 5 * MINUTE + 1), {
      state,
      reason: 'pending-stale',
      atMs: 5 * MINUTE + 1,
    })
  })

  test('when the alert fires or recovers, then it continues', () => {
    const firing: RuleState = { phase: 'firing', seenMs: 0, activeAtMs: 0 }
    assert.deepEqual(after(firing, MINUTE).state, { ...firing, seenMs: MINUTE })
    const recovering: RuleState = { phase: 'recovering', seenMs: 0, activeAtMs: 0, clearedAtMs: 0 }
    assert.deepEqual(after(recovering, MINUTE).state, { ...recovering, seenMs: MINUTE })
  })

  test('when data was missed, then it has returned', () => {
    const silent: RuleState = { phase: 'inactive', seenMs: 0, decidedMs: 5 * MINUTE, silent: 'no-data' }
    const { state, reason } = after(silent, 6 * MINUTE, noData)
    assert.deepEqual([state, reason], [{ phase: 'inactive', seenMs: 6 * MINUTE }, 'data-returned'])
  })
})

describe('given a rule that compares with earlier readings', () => {
  const rule = createRule({ changeOver: '1h', fireAbove: 20 })
  const told = async (between: Event) => {
    const kit = new Kit(alerting(FAMILIES, [rule]))
    await kit.when(reading('a', { at: 60, temperature: 10 }), between)
    await kit.when(reading('b', { at: 3_700, temperature: 40 }))
    return kit.publishedEvents.map(({ data }) => (data as Alert).status)
  }

  test('when a late reading comes in between, then the earlier ones are still known', async () => {
    assert.deepEqual(await told(reading('late', { at: 0, temperature: 12 })), ['firing'])
  })

  test('when a reading without its metric comes in between, then the earlier ones are still known', async () => {
    const { data, ...event } = reading('other', { at: 120 })
    const { temperature: _, ...rest } = data as Readonly<Record<string, unknown>>
    assert.deepEqual(await told({ ...event, data: { ...rest, humidity: 50 } }), ['firing'])
  })
})
