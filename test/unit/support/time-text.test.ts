import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { utcSecond, utcTime } from '../../../lib/support/time-text.ts'

describe('times in commands', () => {
  it('given any zone, then the time is in UTC', () => {
    assert.equal(utcTime('2026-03-01T03:13:14+01:00'), '2026-03-01T02:13:14.000Z')
    assert.equal(utcTime('2026-03-01T00:13:14.25+01:00'), '2026-02-28T23:13:14.250Z')
    assert.equal(utcTime('2026-03-01T03:13:14Z'), '2026-03-01T03:13:14Z')
  })

  it('given a text that is not a time, then it is unchanged', () => {
    assert.equal(utcTime('yesterday'), 'yesterday')
  })

  it('given a time in milliseconds, then fractions of a second are omitted', () => {
    assert.equal(utcSecond(Date.parse('2026-03-01T12:00:00.999Z')), '2026-03-01T12:00:00Z')
  })
})
