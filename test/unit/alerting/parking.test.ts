import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parkingError } from '#runtime/test/support/inside'
import { environmentReading as reading } from '#runtime/test/support/records'
import { alerting } from '../../../lib/alerting/process.ts'
import { DEFAULT_POLICY, DELAYS_MS, PARKING, PARKING_CODE, rulesFor } from '../../../lib/failures/policy.ts'
import { APPLICATION, FAMILIES } from '../../support/families.ts'
import { heldLog } from '../../support/listing-log.ts'

const MINUTE = 60_000

// Promise docs/consumers.md#order-behind-a-retry
it('given a reading that fails in alerting, then later ones wait until its first two retries are back', () => {
  const about = { consumer: 'alerting', code: PARKING_CODE, kind: 'unexpected' } as const
  const first = rulesFor(DEFAULT_POLICY, about).retries.slice(0, 2)
  assert.deepEqual(first, PARKING.alerting)
  // The redriver runs each minute, and needs a part of the next one.
  const backMs = first.map(delay => DELAYS_MS[delay] + 2 * MINUTE)
  assert.equal(
    alerting(FAMILIES, []).parking?.forMs,
    backMs.reduce((sum, ms) => sum + ms),
  )
})

it('given a second retry as late as it can be, then the events that wait are applied behind it', async () => {
  const log = await heldLog(alerting(FAMILIES, []).parking)
  assert.deepEqual(await log.pass(3 * MINUTE), [])
  assert.deepEqual(await log.append(log.again()), ['failed/unexpected-error'])
  assert.deepEqual(await log.pass(11 * MINUTE), [])
  log.mood.throwsAt.clear()
  await log.append(log.again(), reading('e', { at: 4 }))
  assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'stale', 'e'])
})

it('given a process that parks events for less than any first retry takes, then it is refused', () => {
  const { firstRetryMs } = APPLICATION
  const error = (forMs: number) => parkingError({ parking: { forMs } }, firstRetryMs)
  assert.equal(error(3 * MINUTE), undefined)
  assert.match(error(3 * MINUTE - 1) ?? '', /^parking.forMs is 179999: it must be at least 180000/)
  assert.equal(parkingError({ parking: {} }, firstRetryMs), undefined)
  assert.equal(parkingError({}, firstRetryMs), undefined)
  assert.equal(parkingError({ parking: { forMs: 1 } }), undefined)
})
