import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeUnended, findUnended } from '../../../lib/queries/records/unended-operations.ts'
import type { Audit } from '../../../lib/schemas/types.ts'

const audit = (operation: string, outcome: Audit['outcome'], second: number, more: Partial<Audit> = {}) => {
  const at = `2026-03-02T10:00:0${second}Z`
  const common = { action: 'dlq redrive', by: 'ada', filter: { consumer: 'processor', until: at } }
  return {
    ...common,
    startedAt: at,
    endedAt: at,
    operation,
    counts: {},
    ...(outcome && { outcome }),
    ...more,
  }
}

describe('operations that have begun', () => {
  for (const [what, audits, wanted] of [
    ['one without an end', [audit('b', 'begun', 2), audit('a', 'begun', 1)], ['a', 'b']],
    [
      'ends of any kind',
      [audit('a', 'begun', 1), audit('a', 'failed', 2), audit('b', 'begun', 2), audit('b', 'done', 3)],
      [],
    ],
    ['events of earlier versions', [audit('a', undefined, 1)], []],
    [
      'one that was carried out again, to its end',
      [
        audit('a', 'begun', 1),
        audit('b', 'begun', 2, { filter: { consumer: 'processor', rate: '9/s' } }),
        audit('b', 'done', 2),
      ],
      [],
    ],
    ['one that failed again', [audit('a', 'begun', 1), audit('b', 'failed', 2)], ['a']],
    [
      'another command that is done',
      [audit('a', 'begun', 1), audit('b', 'done', 2, { action: 'dlq drop' })],
      ['a'],
    ],
    [
      'other conditions that are done',
      [audit('a', 'begun', 1), audit('b', 'done', 2, { filter: {} })],
      ['a'],
    ],
    ['the same command, done before', [audit('b', 'done', 1), audit('a', 'begun', 2)], ['a']],
  ] as const)
    it(`given ${what}, then ${wanted.length} have not ended`, () => {
      assert.deepEqual(
        findUnended(audits).map(({ operation }) => operation),
        wanted,
      )
    })

  it('then who began what is said, and how to finish it', () => {
    const [says, todo] = describeUnended(audit('a', 'begun', 1))
    assert.match(
      says,
      /^`dlq redrive` of ada \(operation a, consumer processor, until .*\) has begun at 2026-03-02T10:00:01Z and not ended$/,
    )
    assert.match(todo, /Run the command again/)
  })
})
