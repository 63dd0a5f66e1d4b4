import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ticksDue } from '../../../lib/telemetry/simulator/generator.ts'

const FIVE = { tickSeconds: 5 }
const NOW_MS = 1_000_000 // tick 200 of 5 seconds, exactly

describe('given the last tick that was published', () => {
  const cases: [name: string, last: number | undefined, nowMs: number, due: [number, number, number]][] = [
    ['is missing: the last minute', undefined, NOW_MS, [189, 201, 0]],
    ['it is one behind: one tick', 199, NOW_MS, [200, 201, 0]],
    ['it is the present one: nothing', 200, NOW_MS, [201, 201, 0]],
    ['a tick is not over yet: nothing', 200, NOW_MS + 4_999, [201, 201, 0]],
    ['the next tick has just begun: that one', 200, NOW_MS + 5_000, [201, 202, 0]],
    ['ten minutes back: all of them', 80, NOW_MS, [81, 201, 0]],
    ['more than ten minutes back: ten minutes, the rest is skipped', 50, NOW_MS, [81, 201, 30]],
    ['the clock was set back: nothing until it has caught up', 230, NOW_MS, [231, 231, 0]],
    ['it was counted in shorter ticks: as at first', 1000, NOW_MS, [189, 201, 0]],
  ]
  for (const [name, last, nowMs, [from, until, skipped]] of cases) {
    test(`when ${name}`, () => {
      assert.deepEqual(ticksDue(last, nowMs, FIVE), { from, until, skipped })
    })
  }

  test('when a tick is as long as the first minute, then the first run has one', () => {
    assert.deepEqual(ticksDue(undefined, 600_000, { tickSeconds: 60 }), { from: 10, until: 11, skipped: 0 })
  })
})

test('given runs at any times, then every tick is either taken once or counted as skipped', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(pauses, fc.integer({ min: 1, max: 60 }), (pausesMs, tickSeconds) => {
      let nowMs = 1_750_000_000_000
      let lastTick: number | undefined
      for (const pauseMs of pausesMs) {
        nowMs += pauseMs
        const { from, until, skipped } = ticksDue(lastTick, nowMs, { tickSeconds })
        if (lastTick !== undefined) assert.equal(from, lastTick + 1 + skipped)
        assert.ok(until - from <= 600 / tickSeconds + 1)
        assert.equal(until, Math.floor(nowMs / 1000 / tickSeconds) + 1)
        lastTick = until - 1
      }
    }),
  )
})
