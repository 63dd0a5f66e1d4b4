import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSelection } from '../../runner/arguments.ts'

describe('--only GROUP', () => {
  it('given none, then everything runs except the matrix, which takes minutes', () => {
    assert.deepEqual(parseSelection([])?.groups, ['checks', 'unit', 'integration', 'rehearsal'])
  })

  it('given the matrix, then it runs alone', () => {
    assert.deepEqual(parseSelection(['--only', 'matrix', 'osls-3']), {
      groups: ['matrix'],
      pattern: 'osls-3',
      repeat: 1,
    })
  })
})
