import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Rhythm,
  rhythmAt,
  UNKNOWN_RHYTHM,
  withDistance,
} from '../../../../lib/alerting/anomaly/rhythm.ts'

const DAY_MS = 86_400_000
const ofDay = { day: true, week: false }

/** Returns the rhythm after days of which the first half has one distance from the level, and the second half the opposite one. */
function after(rhythm: Rhythm, from: number, days: number, distance: number): Rhythm {
  let next = rhythm
  for (let day = from; day < from + days; day += 1)
    for (const hour of [6, 18])
      next = withDistance(next, day * DAY_MS + (hour / 24) * DAY_MS, hour < 12 ? distance : -distance, 8)
  return next
}

const morning = (rhythm: Rhythm, day: number) => rhythmAt(rhythm, (day + 0.25) * DAY_MS, ofDay)

test('given another rhythm after months, then it is learned as fast as if only nine days had been seen', () => {
  for (const days of [100, 300]) {
    const known = after(UNKNOWN_RHYTHM, 0, days, 0)
    const changed = after(known, days, 10, 8)
    const learned = morning(changed, days + 10) ?? 0
    // A day counts a ninth: 8 × (1 - (8 / 9) ** 10).
    assert.ok(Math.abs(learned - 5.5) < 0.4, `${days}: ${learned}`)
    assert.equal(Math.max(...changed.d.n, ...changed.w.n), 9)
  }
})

test('given one day, then the rhythm is not known yet', () => {
  assert.equal(morning(after(UNKNOWN_RHYTHM, 0, 1, 8), 1), undefined)
  assert.notEqual(morning(after(UNKNOWN_RHYTHM, 0, 3, 8), 3), undefined)
})
