import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  bytesText,
  clockText,
  compactText,
  countText,
  durationText,
  numberText,
  rateText,
  timeText,
} from '../../../../console/page/parts/words.ts'

describe('how the console writes figures and times', () => {
  it('given numbers, then thousands are apart, and the unit agrees', () => {
    assert.equal(numberText(12345.678), '12,345.68')
    assert.equal(compactText(12_345), '12.3K')
    assert.equal(countText(1, 'alert'), '1 alert')
    assert.equal(countText(2_000, 'entity', 'entities'), '2,000 entities')
  })

  it('given rates, then small ones are exact, large ones are round, and unknown ones are a dash', () => {
    assert.deepEqual([null, 0, 0.042, 1.26, 99.94, 1012.4].map(rateText), [
      '–',
      '0/s',
      '0.04/s',
      '1.3/s',
      '99.9/s',
      '1,012/s',
    ])
  })

  it('given durations, then two units say enough', () => {
    assert.deepEqual([0, 850, 4_230, 200_000, 7_500_000, 273_600_000].map(durationText), [
      '0 ms',
      '850 ms',
      '4.2 s',
      '3 min 20 s',
      '2 h 5 min',
      '3 d 4 h',
    ])
  })

  it('given bytes, then units are binary', () => {
    assert.deepEqual([1, 1_023, 1_536, 5 * 1024 ** 4].map(bytesText), [
      '1 byte',
      '1,023 bytes',
      '1.5 KiB',
      '5 TiB',
    ])
  })

  it('given an instant of today and one of another day, then only the other one has a date', () => {
    const now = new Date(2026, 4, 3, 12, 0, 0).getTime()
    assert.equal(timeText(now - 60_000, now), '11:59:00')
    assert.equal(timeText(now - 86_400_000, now), '2 May 2026 12:00:00')
  })

  it('given an axis of times, then its marks are as exact as their distance asks for', () => {
    const at = new Date(2026, 4, 3, 9, 5, 7).getTime()
    assert.equal(clockText(at, 10), '09:05:07')
    assert.equal(clockText(at, 600), '09:05')
    assert.equal(clockText(at, 86_400), '3 May')
  })
})
