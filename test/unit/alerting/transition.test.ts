import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertTimeline, ms, ruleOf } from './support.ts'

describe('for', () => {
  test('given for 0, then the first value beyond the threshold fires, and the first one not beyond resolves', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80 }),
      `0s  80  inactive  unchanged
       1m  81  firing    fired
       2m  95  firing    unchanged
       3m  80  inactive  resolved
       4m  80  inactive  unchanged`,
    )
  })

  test('given fireBelow, when a value is less, then it fires; at the threshold it does not', () => {
    assertTimeline(
      ruleOf({ fireBelow: 0 }),
      `0s  0     inactive  unchanged
       1m  -0.1  firing    fired
       2m  0     inactive  resolved`,
    )
  })

  test('given for 5m, when the value stays bad, then it fires at five minutes exactly', () => {
    assertTimeline(
      ruleOf({ fireBelow: 1, for: '5m' }),
      `0s  0  pending  pending
       1m  0  pending  pending
       2m  0  pending  pending
       3m  0  pending  pending
       4m  0  pending  pending
       5m  0  firing   fired
       6m  0  firing   unchanged`,
    )
  })

  test('given for 90s and readings each 30 s, when the value is bad four times, then the fourth fires', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, for: '90s' }),
      `30s    10  inactive  unchanged
       1m     90  pending   pending
       1m30s  90  pending   pending
       2m     90  pending   pending
       2m30s  90  firing    fired
       3m     10  inactive  resolved
       3m30s  10  inactive  unchanged`,
    )
  })

  test('given a pending alert, when one good value comes, then it ends silently, without keepFiringFor', () => {
    assertTimeline(
      ruleOf({ fireAbove: 50, for: '1m', keepFiringFor: '1m' }),
      `0s  75  pending   pending
       1m  10  inactive  pending-ended
       2m  75  pending   pending
       3m  75  firing    fired`,
    )
  })

  test('given ten minutes without the consumer, when the missed readings are read, then event time decides', () => {
    assertTimeline(
      ruleOf({ fireBelow: 100, for: '25m' }),
      `0s   50  pending  pending
       5m   50  pending  pending
       10m  50  pending  pending
       15m  50  pending  pending
       20m  50  pending  pending
       25m  50  firing   fired`,
    )
  })

  test('given an alert that resolved, when the value is bad again, then a new alert begins at that time', () => {
    const rule = ruleOf({ fireAbove: 80 })
    const first = assertTimeline(rule, '0s 90 firing fired')
    const second = assertTimeline(
      rule,
      `1m  10  inactive  resolved
       2m  90  firing    fired`,
      first,
    )
    assert.deepEqual(
      [first, second].map(state => state.phase === 'firing' && state.activeAtMs),
      [0, ms('2m')],
    )
  })
})

describe('hysteresis', () => {
  test('given a pending alert, when the value is between the thresholds, then it ends', () => {
    assertTimeline(
      ruleOf({ fireAbove: 100, clearBelow: 30, for: '2m' }),
      `0s  101  pending   pending
       1m  50   inactive  pending-ended
       2m  50   inactive  unchanged
       3m  30   inactive  unchanged`,
    )
  })

  test('given a firing alert, when the value is between the thresholds, then it keeps firing', () => {
    assertTimeline(
      ruleOf({ fireAbove: 100, clearBelow: 30 }),
      `0s  101  firing    fired
       1m  50   firing    unchanged
       2m  31   firing    unchanged
       3m  30   inactive  resolved
       4m  50   inactive  unchanged`,
    )
  })

  test('given fireBelow with clearAbove, then the same holds the other way up', () => {
    assertTimeline(
      ruleOf({ fireBelow: 0, clearAbove: 2 }),
      `0s  -1   firing    fired
       1m  1.9  firing    unchanged
       2m  2    inactive  resolved
       3m  1.9  inactive  unchanged`,
    )
  })
})

describe('keepFiringFor', () => {
  const rule = ruleOf({ fireAbove: 80, keepFiringFor: '2m' })

  test('given a firing alert, when the value stays good, then it resolves at that duration exactly', () => {
    assertTimeline(
      rule,
      `0s     90  firing      fired
       1m     10  recovering  recovering
       2m     10  recovering  recovering
       2m59s  10  recovering  recovering
       3m     10  inactive    resolved`,
    )
  })

  test('given a recovering alert, when a bad value comes, then it is the same alert and the time starts over', () => {
    const state = assertTimeline(
      rule,
      `0s  90  firing      fired
       1m  10  recovering  recovering
       2m  90  firing      relapsed
       3m  10  recovering  recovering
       4m  10  recovering  recovering`,
    )
    assert.equal(state.phase === 'recovering' && state.activeAtMs, 0)
    assertTimeline(rule, '5m 10 inactive resolved', state)
  })

  test('given a recovering alert with hysteresis, when the value is not clear any more, then it relapses', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, clearBelow: 70, keepFiringFor: '2m' }),
      `0s  90  firing      fired
       1m  70  recovering  recovering
       2m  75  firing      relapsed`,
    )
  })
})

describe('staleAfter', () => {
  const rule = ruleOf({ fireAbove: 80, for: '5m', staleAfter: '3m' })

  test('given a pending alert, when the silence is exactly staleAfter, then the pending clock goes on', () => {
    assertTimeline(
      rule,
      `0s  90  pending  pending
       3m  90  pending  pending
       5m  90  firing   fired`,
    )
  })

  test('given a pending alert, when the silence is longer, then the pending clock starts over', () => {
    assertTimeline(
      rule,
      `0s    90  pending  pending
       3m1s  90  pending  pending-restarted
       5m    90  pending  pending
       8m    90  pending  pending
       8m1s  90  firing   fired`,
    )
  })

  test('given a firing alert, when a long silence ends, then nothing changes', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, staleAfter: '1m' }),
      `0s  90  firing  fired
       1h  90  firing  unchanged`,
    )
  })

  test('given no staleAfter, when readings are days apart, then they still count as one range', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, for: '1d' }),
      `0s  90  pending  pending
       2d  90  firing   fired`,
    )
  })
})
