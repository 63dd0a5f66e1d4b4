import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { operationAnswer } from '../../../../console/api/failures/operation-answer.ts'
import type { KeptOperation } from '../../../../lib/operations/dead-letters/kept.ts'

const REDRIVE = { command: 'redrive', ats: ['2@17'], filter: {} } as const
const ONE: KeptOperation = {
  id: '2026-11-21T12:07:00.123Z-3f9a2c',
  request: REDRIVE,
  by: 'ann',
  state: 'finished',
  taken: 1,
  total: 1,
  updatedAtMs: 0,
}
const FAILED_AGAIN = { count: 1, isDecided: true, letters: ['2@18'] }
const UNDECIDED = { count: 0, isDecided: false, letters: [] }

describe('an operation that is shown', () => {
  for (const [name, changes, expected] of [
    ['whose record failed again', { failedAgain: FAILED_AGAIN }, FAILED_AGAIN],
    ['of which nothing is known yet', {}, UNDECIDED],
    ['that is not at its end', { state: 'stopped' }, null],
    ['that redrove nothing', { taken: 0 }, null],
    ['that dropped', { request: { ...REDRIVE, command: 'drop' } }, null],
  ] as const)
    it(`given one ${name}, then it says ${expected ? `${expected.count} failed again` : 'nothing of that'}`, () => {
      assert.deepEqual(operationAnswer({ ...ONE, ...changes }, 'test', 0).failedAgain, expected)
    })

  it('given one that is under way, then its part is what is taken and left out, of all that was selected', () => {
    const partOf = (changes: object) =>
      operationAnswer({ ...ONE, state: 'running', ...changes }, 'test', 0).part
    assert.equal(partOf({ total: null }), null)
    assert.equal(partOf({ taken: 3, leftOut: { quarantined: 2 }, total: 10 }), 0.5)
    assert.equal(partOf({ taken: 0, total: 0 }), 0)
  })

  it('given one with a patch that was stopped, then the command that continues it has the patch', () => {
    const request = { ...REDRIVE, patch: '{"time":null}' }
    const { resume } = operationAnswer({ ...ONE, state: 'stopped', request }, 'test', 0)
    assert.match(resume ?? '', /--patch '\{"time":null\}'/)
  })
})
