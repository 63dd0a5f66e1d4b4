/** The check of docstrings: it finds planted cases, and fails if it has nothing to look at. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failed } from '../../runner/check.ts'
import { checkDocstrings } from '../../runner/checks/docstrings.ts'

const GOOD = `/** A failure. */
export class Refused extends Error {}

/**
 * Reads.
 *
 * @param place where to read
 * @throws Refused or Error if it cannot
 */
export function read(place: string): void {}
`

describe('what docstrings say', () => {
  const check = (text: string) =>
    checkDocstrings({ 'packages/a/index.ts': `export * from './b.ts'\n`, 'packages/a/b.ts': text }, [
      'packages/a/index.ts',
    ])

  it('given parameters, errors and exports that are there, then they are counted', () =>
    assert.equal(check(GOOD), '1 parameters, 2 errors, 2 exports'))

  for (const [what, from, to, says] of [
    [
      'a parameter that is none',
      '@param place',
      '@param spot',
      'packages/a/b.ts:4: @param spot is no parameter',
    ],
    [
      'an error that is no class',
      'Refused or',
      'UnknownPlace or',
      'packages/a/b.ts:4: @throws UnknownPlace is no class',
    ],
    [
      'an export without docstring',
      '/** A failure. */',
      '',
      'packages/a/b.ts: Refused is exported without a docstring',
    ],
  ] as const)
    it(`given ${what}, then it is found`, () =>
      assert.throws(() => check(GOOD.replace(from, to)), new Failed(says)))

  it('given no docstring, then the check fails', () =>
    assert.throws(() => checkDocstrings({ 'a.ts': 'export const a = 1\n' }, []), /nothing to look at/))
})
