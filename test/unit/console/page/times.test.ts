import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatAxisTimes,
  formatExactTime,
  formatTime,
  formatTimeZone,
  toLocalTime,
} from '../../../../console/page/components/value-texts.ts'

process.env.TZ = 'Europe/Oslo'

const NOW = Date.parse('2026-03-01T12:00:00Z')

describe('times in the console', () => {
  it('given a time of today, then it has no date; given one of another day, then it has', () => {
    assert.equal(formatTime('2026-03-01T08:05:09Z', NOW), '09:05:09')
    assert.equal(formatTime('2026-02-28T22:59:59Z', NOW), '28 Feb 2026 23:59:59')
    assert.equal(formatTime('2026-02-28T23:00:00Z', NOW), '00:00:00')
  })

  it('given the exact time, then it has the date, the zone, and UTC', () => {
    assert.equal(formatExactTime(NOW), '1 Mar 2026, 13:00:00 CET (2026-03-01T12:00:00.000Z)')
  })

  it('given the axis of a chart, then the first time of another day has its date, and times within a minute have seconds', () => {
    const times = ['2026-02-28T21:00:00Z', '2026-02-28T22:00:00Z', '2026-02-28T23:00:00Z', NOW]
    assert.deepEqual(
      formatAxisTimes(
        times.map(at => new Date(at).getTime()),
        NOW,
      ),
      ['22:00\n28 Feb', '23:00', '00:00\n1 Mar', '13:00'],
    )
    assert.deepEqual(formatAxisTimes([NOW], NOW), ['13:00'])
    assert.deepEqual(formatAxisTimes([NOW, NOW + 15_000], NOW), ['13:00:00', '13:00:15'])
  })

  it('given an instant, then a form shows it in local time; given none, then nothing', () => {
    assert.equal(toLocalTime('2026-07-01T12:00:00Z'), '2026-07-01T14:00:00')
    assert.equal(toLocalTime(undefined), '')
  })

  it('given the zone of the browser, then its name and its offset from UTC are shown', () => {
    assert.equal(formatTimeZone(NOW), 'Europe/Oslo, GMT+1')
  })
})
