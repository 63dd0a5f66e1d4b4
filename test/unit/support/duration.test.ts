import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { durationText, parseDuration } from '../../../lib/support/duration.ts'

describe('a duration that is read', () => {
  it('given a duration, then it is read to the millisecond', () => {
    const cases: [unknown, number | undefined][] = [
      [0, 0],
      ['0', 0],
      ['0s', 0],
      ['90s', 90_000],
      ['5m', 300_000],
      ['1h30m', 5_400_000],
      ['1d1s', 86_401_000],
    ]
    for (const [raw, expected] of cases) assert.equal(parseDuration(raw), expected, String(raw))
  })

  it('given any other text, then it is invalid', () => {
    const wrong = [
      '',
      '5',
      '5 m',
      '-5m',
      '1.5h',
      '30m1h',
      '5ms',
      5,
      null,
      undefined,
      ['5m'],
      `${'9'.repeat(30)}d`,
    ]
    for (const raw of wrong) assert.equal(parseDuration(raw), undefined, String(raw))
  })
})

describe('a duration that is shown', () => {
  const cases: [ms: number, text: string][] = [
    [0, '0 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [312_000, '5 min 12 s'],
    [3_599_500, '1 h'],
    [7_380_000, '2 h 3 min'],
    [90_000_000, '25 h'],
  ]
  for (const [ms, text] of cases)
    it(`given ${ms} ms, then it is ${text}`, () => assert.equal(durationText(ms), text))
})
