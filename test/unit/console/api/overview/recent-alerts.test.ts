import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { selectRecent } from '../../../../../console/api/overview/alerts-and-dead-letters.ts'
import { collectLives } from '../../../../../lib/queries/alerts/alert-lives.ts'
import { fired, firstAlert, resolved } from '../../../../support/alerts.ts'
import { FAMILIES } from '../../../../support/families.ts'
import { logRecord } from '../../../../support/records.ts'

describe('recent alerts', () => {
  it('given an alert about a reading of a year before, then it is the last where it was written last', () => {
    const today = firstAlert()
    const old = firstAlert({ alertId: 'a-2', startedAt: '2025-03-01T12:00:00.000Z' })
    const events = [fired(today), resolved(today), fired(old)]
    const records = events.map((event, offset) => logRecord(offset, event, { topic: 'alerts' }))
    const shown = selectRecent([...collectLives(FAMILIES, records).values()])
    assert.deepEqual(
      shown.map(({ id, changedAt }) => [id, changedAt]),
      [
        ['a-2', '2026-03-01T13:00:02.000Z'],
        ['a-1', '2026-03-01T13:00:01.000Z'],
      ],
    )
  })
})
