import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { is, parse } from 'valibot'
import type { Event } from '#runtime/consumer'
import { createPacer, describeLongReplay, SPEED } from '../../../control/recordings/replay/pace.ts'
import { computeShift, shiftEvent, type TimeRange } from '../../../control/recordings/replay/time-shift.ts'

describe('pace', () => {
  const dues = (speed: number, times: (number | undefined)[]) => times.map(createPacer(speed))

  test('as recorded, faster, slower, and all at once', () => {
    const times = [5_000, 6_000, 8_000]
    assert.deepEqual(dues(1, times), [0, 1_000, 3_000])
    assert.deepEqual(dues(10, times), [0, 100, 300])
    assert.deepEqual(dues(0.5, times), [0, 2_000, 6_000])
    assert.deepEqual(dues(Number.POSITIVE_INFINITY, times), [0, 0, 0])
  })

  test('what is out of order, repeated or without a time is due with what came before it', () => {
    assert.deepEqual(
      dues(1, [undefined, 5_000, 7_000, 6_000, 7_000, undefined, 8_000]),
      [0, 0, 2_000, 2_000, 2_000, 2_000, 3_000],
    )
  })

  test('nothing is ever due before what came before it', () => {
    const time = fc.option(fc.integer({ min: -1e12, max: 2e12 }), { nil: undefined })
    fc.assert(
      fc.property(fc.array(time), fc.double({ min: 0.001, max: 1e6, noNaN: true }), (times, speed) => {
        const all = dues(speed, times)
        assert.deepEqual(
          all,
          all.toSorted((a, b) => a - b),
        )
      }),
    )
  })

  test('a replay of more than ten minutes says how long it takes, until when, and how to publish at once', () => {
    const nowMs = new Date(2026, 5, 1, 12).getTime()
    const twoDays = 47.5 * 3_600_000
    assert.equal(
      describeLongReplay(291, twoDays, 1, nowMs),
      '291 items at their recorded pace take 47 h 30 min, until 2026-06-03 11:30:00. To publish them at once, add --speed max.',
    )
    assert.match(
      describeLongReplay(291, twoDays, 10, nowMs) ?? '',
      /^291 items at 10 times .* 4 h 45 min, until 16:45:00\./,
    )
    assert.equal(describeLongReplay(291, twoDays, 285, nowMs), undefined)
    assert.equal(describeLongReplay(291, twoDays, Number.POSITIVE_INFINITY, nowMs), undefined)
  })

  test('speeds', () => {
    assert.equal(parse(SPEED.schema, 'max'), Number.POSITIVE_INFINITY)
    assert.equal(parse(SPEED.schema, '0.5'), 0.5)
    for (const wrong of ['0', '-1', 'fast', '', '1e3', 'Infinity', '9'.repeat(400)])
      assert.ok(!is(SPEED.schema, wrong), wrong)
  })
})

describe('shift', () => {
  const HOUR = 3_600_000
  const NOW = Date.parse('2026-06-01T00:00:00Z')
  const extent: TimeRange = { startMs: 0, firstMs: 1 * HOUR, latestMs: 11 * HOUR }

  test('to a time: the recording begins there, whatever part of it is published', () => {
    assert.equal(computeShift(NOW, extent, 1, 0), NOW)
  })

  const table: [what: string, speed: number, firstAtMs: number, latestAtMs: number][] = [
    ['at recorded pace the first event is now', 1, NOW, NOW + 10 * HOUR],
    ['slower, too', 0.5, NOW, NOW + 10 * HOUR],
    [
      'ten times faster, the latest is sent an hour from now, and that is its time',
      10,
      NOW - 9 * HOUR,
      NOW + HOUR,
    ],
    ['all at once, the latest is now', Number.POSITIVE_INFINITY, NOW - 10 * HOUR, NOW],
  ]
  for (const [what, speed, firstAtMs, latestAtMs] of table)
    test(`now: ${what}`, () => {
      const shiftMs = computeShift('now', extent, speed, NOW)
      assert.deepEqual([extent.firstMs + shiftMs, extent.latestMs + shiftMs], [firstAtMs, latestAtMs])
    })

  test('now: no event is sent before its time, and the shift is as small as possible', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 1 })
    const speeds = fc.oneof(
      fc.double({ min: 0.01, max: 1e4, noNaN: true }),
      fc.constant(Number.POSITIVE_INFINITY),
    )
    fc.assert(
      fc.property(times, speeds, (unsorted, speed) => {
        const recorded = unsorted.toSorted((a, b) => a - b)
        const [firstMs = 0, latestMs = 0] = [recorded[0], recorded.at(-1)]
        const shiftMs = computeShift('now', { startMs: firstMs, firstMs, latestMs }, speed, NOW)
        const dueMs = createPacer(speed)
        const lead = recorded.map(time => time + shiftMs - (NOW + dueMs(time)))
        if (speed >= 1) assert.ok(Math.max(...lead) <= 1, String(lead))
        assert.ok(Math.max(...lead) >= -1, String(lead))
      }),
    )
  })

  test('the same shift gives the same events, another shift or event others', () => {
    const event: Event = {
      id: '1',
      source: '/a',
      type: 't',
      time: '2026-01-01T01:00:00+01:00',
      data: { a: 1 },
    }
    const moved = shiftEvent(event, 1_500)
    assert.deepEqual(moved, { ...event, id: moved.id, time: '2026-01-01T00:00:01.500Z' })
    assert.deepEqual(shiftEvent(event, 1_500), moved)
    const ids = [event.id, moved.id, shiftEvent(event, 1_501).id, shiftEvent({ ...event, id: '2' }, 1_500).id]
    assert.equal(new Set(ids).size, 4)
    const { time: _, ...timeless } = event
    assert.equal('time' in shiftEvent(timeless, 1_500), false)
  })
})
