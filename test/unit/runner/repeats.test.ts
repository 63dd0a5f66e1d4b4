import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSelection } from '../../runner/arguments.ts'
import { describeDifferences, differences } from '../../runner/repeats.ts'
import type { Result } from '../../runner/result.ts'

const passed = (name: string, file = 'a.test.ts'): Result => ({ outcome: 'passed', name, file })
const failed = (name: string, why: string, file = 'a.test.ts'): Result => ({
  outcome: 'failed',
  name,
  file,
  why,
})

describe('what was not the same in each of several runs', () => {
  it('given runs that are alike, in whatever order their tests ended, then nothing is listed', () => {
    const runs = [
      [passed('one'), failed('two', 'always')],
      [failed('two', 'always, but later'), passed('one')],
    ]
    assert.deepEqual(differences(runs), [])
    assert.deepEqual(describeDifferences(differences(runs), 2), ['The same in each of 2 runs.'])
  })

  it('given a test that fails now and then, then it is listed with its runs and the first reason', () => {
    const runs = [
      [passed('one'), passed('two')],
      [failed('one', 'not the leader\n    at x'), passed('two')],
      [passed('one'), passed('two')],
      [failed('one', 'something else'), passed('two')],
    ]
    assert.deepEqual(describeDifferences(differences(runs), 4), [
      'Not the same in each of 4 runs:',
      '  one',
      '      a.test.ts',
      '      passed in 1, 3',
      '      failed in 2, 4: not the leader',
    ])
  })

  it('given a file that broke before its tests, then these did not run', () => {
    const runs = [[passed('one')], [failed('a.test.ts', 'no test ran in this file')]]
    assert.deepEqual(differences(runs), [
      {
        name: 'one',
        file: 'a.test.ts',
        endings: [
          { outcome: 'passed', runs: [1] },
          { outcome: 'absent', runs: [2] },
        ],
      },
      {
        name: 'a.test.ts',
        file: 'a.test.ts',
        endings: [
          { outcome: 'absent', runs: [1] },
          { outcome: 'failed', runs: [2], why: 'no test ran in this file' },
        ],
      },
    ])
  })

  it('given tests of the same name, then they are told apart by file and by order', () => {
    const runs = [
      [passed('same'), failed('same', 'the second'), passed('same', 'b.test.ts')],
      [passed('same'), failed('same', 'the second'), failed('same', 'only here', 'b.test.ts')],
    ]
    assert.deepEqual(
      differences(runs).map(({ file }) => file),
      ['b.test.ts'],
    )
  })

  it('given a check, which has no file, then it is listed by its name', () => {
    const runs: Result[][] = [
      [{ outcome: 'passed', name: 'types' }],
      [{ outcome: 'skipped', name: 'types', why: 'x' }],
    ]
    assert.deepEqual(describeDifferences(differences(runs), 2), [
      'Not the same in each of 2 runs:',
      '  types',
      '      passed in 1',
      '      skipped in 2: x',
    ])
  })
})

describe('--repeat N', () => {
  it('is 1 unless it is given', () => {
    assert.equal(parseSelection([])?.repeat, 1)
    assert.equal(parseSelection(['--repeat', '5', 'word'])?.repeat, 5)
  })

  for (const wrong of ['0', '-1', '1.5', 'many', '', '1e2', '1001'])
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(
        () => parseSelection([`--repeat=${wrong}`]),
        /--repeat: must be a whole number from 1 to 1000$/,
      )
    })

  it('refuses to be given without a number', () => {
    assert.throws(() => parseSelection(['--repeat']), /--repeat: needs a value$/)
  })
})
