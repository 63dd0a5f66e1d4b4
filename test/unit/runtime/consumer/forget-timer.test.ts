import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scheduleForgetting } from '#runtime/consumer'
import { environmentReading as reading } from '#runtime/test/support/records'
import { alerting } from '../../../../lib/alerting/process.ts'
import { createStatistics, type EntityStatistics } from '../../../../lib/analytics/processor.ts'
import { FAMILIES } from '../../../support/families.ts'
import { Kit } from '../../../support/kit.ts'
import { collectStep } from '../../../support/step-calls.ts'
import { createRule } from '../../alerting/support.ts'

const DAY_MS = 24 * 60 * 60_000
/** Returns the timers that an event sets. */
function schedule(latestMs: number | undefined, nowMs: number) {
  return collectStep(step => scheduleForgetting(step, latestMs, nowMs, 8)).timers
}

const SENSOR = '/environment/test-site s-1'

it('given readings of one day, then the timer is set with the first of them, and stands', () => {
  const noon = Date.parse('2026-03-01T12:00:00Z')
  const due = [{ name: 'forget', dueMs: Date.parse('2026-03-10T00:00:00Z') }]
  assert.deepEqual(schedule(undefined, noon), due)
  assert.deepEqual(schedule(noon, noon + 3_600_000), [])
  assert.deepEqual(schedule(noon, noon - DAY_MS), [], 'a late one does not move it back')
  assert.deepEqual(schedule(noon - DAY_MS, noon), due)
  const midnight = Date.parse('2026-03-01T00:00:00Z')
  assert.deepEqual(schedule(undefined, midnight), due, 'the first instant belongs to its day')
  assert.deepEqual(schedule(midnight - 1, midnight), due)
  assert.deepEqual(schedule(midnight, midnight + DAY_MS - 1), [])
})

// Promise docs/guarantees.md#rule 19
// Promise docs/state.md#how-long-things-are-kept | An entity is forgotten after eight silent days.
describe('rule 19: an entity that is quiet for longer than the log keeps readings', () => {
  const tooLong = 11 * DAY_MS

  it('rule 19: given statistics, then its last minute is emitted, and it is forgotten', async () => {
    const kit = new Kit<EntityStatistics>(createStatistics(FAMILIES))
    await kit.when(reading('a'), reading('b', { at: 1 }))
    const [step] = await kit.pass(tooLong)
    assert.equal(step?.reason, 'forgotten')
    assert.equal(kit.publishedEvents.length, 1)
    assert.equal(await kit.state(SENSOR), undefined)
  })

  it('rule 19: given a firing alert, then it resolves as forgotten, and nothing more is emitted', async () => {
    const hot = createRule({ fireAbove: 40 })
    const kit = new Kit(alerting(FAMILIES, [hot]))
    await kit.when(reading('hot', { temperature: 50 }))
    const steps = await kit.pass(tooLong)
    // Meanwhile it is checked from time to time whether the rule still exists.
    const reasons = steps.flatMap(({ reason = '' }) => (['tick', 'unchanged'].includes(reason) ? [] : reason))
    assert.deepEqual(reasons, ['forgotten'])
    const data = kit.publishedEvents.map(
      event => event.data as { status: string; reason?: string; alertId: string },
    )
    assert.deepEqual(
      data.map(({ status, reason }) => [status, reason]),
      [
        ['firing', 'condition'],
        ['resolved', 'forgotten'],
      ],
    )
    assert.equal(data[0]?.alertId, data[1]?.alertId)
    assert.equal(await kit.state(SENSOR), undefined)
  })
})
