import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findFaults, newSilence } from '../../../../control/operations/new-silence.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00Z')
const HOUR_MS = 3_600_000
const RULE = { rule: ['HOT'] }

describe('a new silence', () => {
  for (const [given, match, startMs, endMs, faults] of [
    ['some alerts and an end', RULE, NOW_MS, NOW_MS + HOUR_MS, []],
    ['a label', { labels: { team: ['ops'] } }, NOW_MS, NOW_MS + HOUR_MS, []],
    ['nothing to match', {}, NOW_MS, NOW_MS + HOUR_MS, ['matches-all']],
    ['a key without a text', { rule: [], labels: { team: [] } }, NOW_MS, NOW_MS + HOUR_MS, ['matches-all']],
    ['an end at its start', RULE, NOW_MS, NOW_MS, ['ends-before-it-begins']],
    ['an end in the past', RULE, NOW_MS - HOUR_MS, NOW_MS, ['over-already']],
    ['an end that cannot be written', RULE, NOW_MS, NOW_MS * 1000, ['too-late']],
    ['two faults', {}, NOW_MS, NOW_MS - 1, ['matches-all', 'ends-before-it-begins']],
  ] as const)
    it(`given ${given}, then its faults are: ${faults.join(', ') || 'none'}`, () =>
      assert.deepEqual(findFaults({ match, startMs, endMs }, NOW_MS), faults))

  it('given one without faults, then its times are in RFC 3339', () => {
    const wanted = { id: 'x', match: RULE, author: 'ada', comment: 'works' }
    assert.deepEqual(newSilence({ ...wanted, startMs: NOW_MS, endMs: NOW_MS + HOUR_MS }, NOW_MS), {
      ...wanted,
      startsAt: '2026-03-01T12:00:00.000Z',
      endsAt: '2026-03-01T13:00:00.000Z',
      createdAt: '2026-03-01T12:00:00.000Z',
    })
  })
})
