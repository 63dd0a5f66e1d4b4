import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isTimestamp, parseTime } from '../../../cloudevents/attributes.ts'

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Returns the days by the rule of the Gregorian calendar (RFC 3339, appendix C). */
function countDays(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (LENGTHS[month - 1] ?? 0)
}

describe('RFC 3339 times', () => {
  it('given any day of a month, then those of the calendar are times, and no others', () => {
    let looked = 0
    for (const year of [0, 4, 96, 99, 100, 1900, 2000, 2023, 2024, 2100, 9999])
      for (let month = 0; month <= 13; month += 1)
        for (let day = 0; day <= 32; day += 1) {
          const date = [`${year}`.padStart(4, '0'), `${month}`.padStart(2, '0'), `${day}`.padStart(2, '0')]
          const exists = day >= 1 && day <= countDays(year, month)
          assert.equal(isTimestamp(`${date.join('-')}T12:00:00Z`), exists, date.join('-'))
          looked += 1
        }
    assert.equal(looked, 11 * 14 * 33)
  })

  it('given a leap second, then it counts as the second after it, wherever it is written', () => {
    for (const [leap, after] of [
      ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
      ['2016-12-31T23:59:60.250Z', '2017-01-01T00:00:00.250Z'],
      ['2017-01-01T00:59:60+01:00', '2017-01-01T00:00:00Z'],
      ['2016-12-31T22:59:60-01:00', '2017-01-01T00:00:00Z'],
    ] as const)
      assert.deepEqual([parseTime(leap), isTimestamp(leap)], [Date.parse(after), true], leap)
  })

  it('given a second 60, then it is a time where the last second of June or December ends in UTC, and nowhere else', () => {
    for (const time of ['2015-06-30t23:59:60z', '2015-07-01T05:29:60.5+05:30', '1998-12-31T12:14:60-11:45'])
      assert.ok(isTimestamp(time), time)
    const none = [
      '2026-03-01T23:59:60Z',
      '2016-12-31T23:58:60Z',
      '2016-12-31T12:00:60Z',
      '2016-12-31T23:59:60+01:00',
    ]
    for (const time of [...none, '2017-01-01T23:59:60Z', '2016-06-31T23:59:60Z', '2016-03-31T23:59:60Z'])
      assert.ok(!isTimestamp(time), time)
  })

  it('given hours, minutes, seconds and zones, then those within their ranges are times', () => {
    for (const time of ['00:00:00Z', '23:59:59z', '12:00:00.1Z', '12:00:00+23:59', '12:00:00-00:00'])
      assert.ok(isTimestamp(`2026-03-01T${time}`), time)
    const none = ['24:00:00Z', '12:60:00Z', '12:00:61Z', '12:00:00', '12:00Z', '12:00:00.Z', '12:00:00+24:00']
    for (const time of [...none, '12:00:00+12:60', '12:00:00+1200', ' 12:00:00Z', '12:00:00Z '])
      assert.ok(!isTimestamp(`2026-03-01T${time}`), time)
  })
})
