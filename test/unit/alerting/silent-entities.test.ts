import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scheduleLook } from '../../../lib/alerting/silent-entities.ts'
import { collectStep } from '../../support/step-calls.ts'

const HOUR = 60 * 60_000
const START = Date.parse('2026-03-01T12:00:00Z')

/** Returns the timers that a report sets. */
function look(latestMs: number | undefined, nowMs: number) {
  return collectStep(step => scheduleLook(step, latestMs, nowMs)).timers
}

describe('the timer that looks at an entity', () => {
  it('given a first report, then it is due two hours later', () => {
    assert.deepEqual(look(undefined, START + 5), [{ name: 'look', dueMs: START + 5 + 2 * HOUR }])
  })

  it('given more reports in the same hour, then it is not moved', () => {
    assert.deepEqual(look(START, START + HOUR - 1), [])
  })

  it('given a report in the next hour, then it moves once', () => {
    assert.deepEqual(look(START + HOUR - 1, START + HOUR), [{ name: 'look', dueMs: START + 3 * HOUR }])
  })
})
