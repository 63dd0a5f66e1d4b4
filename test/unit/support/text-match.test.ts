import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  matchesAnyPattern,
  matchesConditions,
  matchesText,
  readOwn,
  textFilter,
} from '../../../lib/support/text-match.ts'

describe('given a text with *', () => {
  const table: readonly (readonly [pattern: string, text: string, fits: boolean])[] = [
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'a', true],
    ['a*a', 'a', false],
    ['*b*', 'abc', true],
    ['a*b*c', 'abbc', true],
    ['a*b*c', 'acb', false],
    ['*ab*ab', 'abab', true],
    ['*ab*ab', 'ab', false],
    ['.*', 'a', false],
    ['[a]', 'a', false],
  ]
  for (const [pattern, text, fits] of table)
    it(`given ${pattern}, when compared with "${text}", then it ${fits ? 'fits' : 'does not'}`, () =>
      assert.equal(matchesText(pattern, text), fits))

  it('when it would take a backtracking matcher years, then it takes no time', () => {
    assert.equal(matchesText(`${'a*'.repeat(100)}b`, 'a'.repeat(10_000)), false)
  })
})

describe('given several patterns', () => {
  it('then one of them has to match, and a value that is not a text never does', () => {
    assert.equal(matchesAnyPattern(['a', 'b*'], 'bc'), true)
    assert.equal(matchesAnyPattern(['a', 'b*'], 'c'), false)
    assert.equal(matchesAnyPattern([], 'a'), false)
    assert.equal(matchesAnyPattern(['*'], undefined), false)
  })

  it('then each named value has to match, and inherited properties are none', () => {
    const labels = readOwn({ team: 'ops', floor: '3' })
    const team = ['team', ['dev', 'o*']] as const
    assert.equal(matchesConditions([team, ['floor', ['3']]], labels), true)
    assert.equal(matchesConditions([team, ['floor', ['4']]], labels), false)
    assert.equal(matchesConditions([['team', ['dev']]], labels), false)
    assert.equal(matchesConditions([['constructor', ['*']]], labels), false)
    assert.equal(matchesConditions([['team', ['*']]], readOwn(undefined)), false)
  })
})

describe('given a text filter', () => {
  it('then each of its words has to occur, whatever its case and place', () => {
    const fits = textFilter(' ROOF /environment ')
    assert.equal(fits('/environment/oslo roof-1'), true)
    assert.equal(fits('/environment/oslo cellar'), false)
    assert.equal(textFilter('')('anything'), true)
  })
})
