import { describe, test } from 'node:test'
import { assertTimeline, ruleOf } from './support.ts'

describe('late', () => {
  test('given a firing alert, when an older good value comes, then nothing changes', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, for: '2m' }),
      `0s     85  pending  pending
       1m     86  pending  pending
       2m     87  firing   fired
       1m30s  10  firing   late
       3m     88  firing   unchanged`,
    )
  })

  test('given no alert, when an older bad value comes, then nothing changes', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80 }),
      `0s  10  inactive  unchanged
       2m  10  inactive  unchanged
       1m  95  inactive  late
       2m  10  inactive  unchanged`,
    )
  })
})

describe('several observations of one instant', () => {
  const twoMinutes = ruleOf({ fireAbove: 80, for: '2m' })

  test('given repeats, then they add no duration', () => {
    assertTimeline(
      twoMinutes,
      `0s  85  pending  pending
       0s  85  pending  pending
       0s  86  pending  pending
       2m  87  firing   fired`,
    )
  })

  test('given a pending alert, when good then bad come at one instant, then bad counts and time runs on', () => {
    assertTimeline(
      twoMinutes,
      `0s  85  pending   pending
       1m  10  inactive  pending-ended
       1m  85  pending   pending
       2m  87  firing    fired`,
    )
  })

  test('given a pending alert, when good then bad come as it is due, then it fires', () => {
    assertTimeline(
      twoMinutes,
      `0s  85  pending   pending
       2m  10  inactive  pending-ended
       2m  85  firing    fired`,
    )
  })

  test('given a pending alert, when bad then good come at one instant, then the good one counts', () => {
    assertTimeline(
      twoMinutes,
      `0s  85  pending   pending
       1m  85  pending   pending
       1m  10  inactive  pending-ended
       2m  87  pending   pending`,
    )
  })

  test('given a pending alert that ended, when the next instant is bad, then nothing of it is left', () => {
    assertTimeline(
      twoMinutes,
      `0s    85  pending   pending
       1m    10  inactive  pending-ended
       1m    20  inactive  pending-ended
       1m1s  85  pending   pending
       2m    85  pending   pending`,
    )
  })

  test('given a stale pending alert, when good then bad come at one instant, then the clock starts over', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, for: '5m', staleAfter: '1m' }),
      `0s  85  pending   pending
       5m  10  inactive  pending-ended
       5m  85  pending   pending-restarted`,
    )
  })

  test('given a recovering alert, when bad then good come as it is due, then good counts and it resolves', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80, keepFiringFor: '1m' }),
      `0s  90  firing      fired
       1m  10  recovering  recovering
       2m  90  firing      relapsed
       2m  10  inactive    resolved`,
    )
  })

  test('given that bad fired it, when good follows at one instant, then the alert stands and is resolved', () => {
    assertTimeline(
      twoMinutes,
      `0s  85  pending   pending
       2m  85  firing    fired
       2m  10  inactive  resolved
       2m  85  pending   pending`,
    )
  })

  test('given that good resolved it, when bad follows at one instant, then a new alert begins there', () => {
    assertTimeline(
      ruleOf({ fireAbove: 80 }),
      `0s  85  firing    fired
       1m  10  inactive  resolved
       1m  85  firing    fired`,
    )
  })
})

describe('an edited rule', () => {
  test('given a firing alert, when `for` grows, then it fires on until a value clears it', () => {
    const firing = assertTimeline(ruleOf({ fireAbove: 80 }), '0s 90 firing fired')
    assertTimeline(
      ruleOf({ fireAbove: 80, for: '1h' }),
      `1m  90  firing    unchanged
       2m  80  inactive  resolved`,
      firing,
    )
  })

  test('given a firing alert, when the threshold rises, then the next value is judged by the new one', () => {
    const firing = assertTimeline(ruleOf({ fireAbove: 80 }), '0s 90 firing fired')
    assertTimeline(
      ruleOf({ fireAbove: 95 }),
      `1m  96  firing    unchanged
       2m  90  inactive  resolved`,
      firing,
    )
  })

  test('given a pending alert, when `for` shrinks, then the time so far counts', () => {
    const pending = assertTimeline(ruleOf({ fireAbove: 80, for: '1h' }), '0s 90 pending pending')
    assertTimeline(ruleOf({ fireAbove: 80, for: '5m' }), '5m 90 firing fired', pending)
  })
})
