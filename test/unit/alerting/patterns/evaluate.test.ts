import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertPattern, createPattern, Evaluation, told } from './support.ts'

const RESTART = { event: 'instance.restarted' }
const COUNT = { count: 3, of: RESTART, within: '1h' }
/** First `from`, then `to`. */
const PAIR = {
  sequence: [
    { event: 'activity.changed', where: { to: 'falling' } },
    { family: 'device', metric: 'activity', fireEquals: 'resting', within: '5m' },
  ],
}

describe('so many events within a time', () => {
  it('given keepFiringFor, then it recovers first, and another event can make it fire on', () => {
    const { told: actual } = assertPattern(
      createPattern(COUNT, { keepFiringFor: '30m' }),
      `0s   0 pending pending
       10m  0 pending pending
       20m  0 firing  fired
       60m  - recovering
       62m  0 firing  relapsed
       70m  - recovering
       99m  - recovering
       100m - pending`,
    )
    assert.deepEqual(actual, told('fired 20m', 'resolved 100m'))
  })

  it('given a late event, then it counts at its own time, and one from before the time does not', () => {
    const { told: actual } = assertPattern(
      createPattern(COUNT),
      `2h    0 pending pending
       119m  0 pending pending
       50m   0 pending late
       61m   0 firing  fired
       121m  - pending`,
    )
    assert.deepEqual(actual, told('fired 2h', 'resolved 121m'))
  })

  it('given a late event that makes it full, then it fires at the time of the latest, not before it', () => {
    const evaluation = new Evaluation(createPattern(COUNT))
    evaluation.event(0, [0])
    evaluation.event(5 * 60_000, [0])
    const { changes } = evaluation.event(3 * 60_000, [0])
    const [fired] = changes.map(({ atMs, activeAtMs }) => [atMs, activeAtMs])
    assert.deepEqual(fired, [5 * 60_000, 5 * 60_000])
  })
})

describe('a sequence', () => {
  it('given the second too late, first, or alone, then no alert fires', () => {
    const { told: actual } = assertPattern(
      createPattern(PAIR, { keepFiringFor: '10m' }),
      `0s    1 inactive unchanged
       1m    0 pending  pending
       6m1s  1 inactive pending-ended
       7m    1 inactive unchanged
       8m    0 pending  pending
       13m   - inactive`,
    )
    assert.deepEqual(actual, [])
  })

  it('given a match after the alert would have ended, then that alert ends, and another begins', () => {
    const { told: actual } = assertPattern(
      createPattern(PAIR, { keepFiringFor: '1m' }),
      '0s 0 pending pending\n1m 1 firing fired\n1m 0 firing unchanged\n3m 1 firing fired',
    )
    assert.deepEqual(actual, told('fired 1m', 'resolved 2m', 'fired 3m'))
  })

  it('given events from before a match, then they are late', () => {
    assertPattern(
      createPattern(PAIR, { keepFiringFor: '1h' }),
      '1m 0 pending pending\n3m 1 firing fired\n2m 0 firing late\n4m 1 firing unchanged',
    )
  })
})
