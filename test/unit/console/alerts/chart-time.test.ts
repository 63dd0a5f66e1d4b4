import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseChartTime } from '../../../../console/page/alerts/chart-time.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const MINUTE_MS = 60_000
const ago = (minutes: number) => new Date(NOW - minutes * MINUTE_MS).toISOString()

/** Minutes before now at which the chart begins and ends, and the hours that are asked for. */
function shown(began: number, ended: number | null) {
  const time = chooseChartTime({ activeAt: ago(began), endedAt: ended === null ? null : ago(ended) }, NOW)
  return time && [(NOW - time.fromMs) / MINUTE_MS, (NOW - time.toMs) / MINUTE_MS, time.hours]
}

describe('the time that the chart of an alert shows', () => {
  it('given an alert that fires, then from ten minutes before it until now', () => {
    assert.deepEqual(shown(5, null), [15, 0, 1])
  })

  it('given one that has resolved, then until ten minutes after its end', () => {
    assert.deepEqual(shown(100, 90), [110, 80, 6])
  })

  it('given a long one, then a quarter of it is shown before and after', () => {
    assert.deepEqual(shown(600, 200), [700, 100, 24])
  })

  it('given one that began before what charts show, then there is no chart', () => {
    assert.equal(shown(24 * 60, null), undefined)
  })
})
