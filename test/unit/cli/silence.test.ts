import assert from 'node:assert/strict'
import { it } from 'node:test'
import { silencesText } from '../../../cli/silence/text.ts'

it('given silences, when they are printed, then each has its state and what it matches', () => {
  const silence = {
    id: '1a2b3c4d',
    match: { rule: ['HIGH_*', 'LOW'], labels: { team: ['infra'] } },
    startsAt: '2026-03-02T08:00:00.123Z',
    endsAt: '2026-03-02T10:00:00.000Z',
    author: 'ann',
    comment: 'works',
    createdAt: '2026-03-02T08:00:00.123Z',
    state: 'active' as const,
  }
  const [, row] = silencesText([silence], undefined).split('\n')
  assert.equal(
    row,
    '1a2b3c4d  active  2026-03-02T08:00:00Z  2026-03-02T10:00:00Z  rule=HIGH_*,LOW labels.team=infra  ann  works',
  )
  assert.equal(silencesText([], undefined), 'No matching silences.\n')
})
