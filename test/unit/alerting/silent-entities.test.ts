import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scheduleLook } from '../../../lib/alerting/silent-entities.ts'

const HOUR = 60 * 60_000
const START = Date.parse('2026-03-01T12:00:00Z')

describe('the timer that looks at an entity', () => {
  it('given a first report, then it is due two hours later', () => {
    assert.deepEqual(scheduleLook(undefined, START + 5), [{ name: 'look', dueMs: START + 5 + 2 * HOUR }])
  })

  it('given more reports in the same hour, then it is not moved', () => {
    assert.deepEqual(scheduleLook(START, START + HOUR - 1), [])
  })

  it('given a report in the next hour, then it moves once', () => {
    assert.deepEqual(scheduleLook(START + HOUR - 1, START + HOUR), [
      { name: 'look', dueMs: START + 3 * HOUR },
    ])
  })
})
