/** The check of what comments name: it finds a planted case, and fails if it has nothing to look at. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkNames } from '../../runner/checks/comment-names.ts'

describe('the names in comments', () => {
  const check = (comment: string, code: string, excused = {}) =>
    checkNames({ 'lib/a.ts': `${comment}\n${code}\n`, 'test/b.ts': 'const onlyTested = 1\n' }, excused)

  it('given names that occur in code, then they are counted', () => {
    const names = [
      '`read`',
      '`#state.unit`',
      '`close()`',
      '`--json`',
      '`dead-letters`',
      '`lib/a.ts`',
      '`b.ts`',
    ]
    const code = "read(this.#state.unit).close('--json', 'dead-letters')"
    assert.equal(check(`/**\n * ${names.join('\n * ')}\n */`, code), '7 names')
    assert.equal(check('// `read`, and `text with spaces`', code), '1 names')
  })

  for (const name of ['gone', 'data.gone', 'gone()', '--gone', 'lib/gone.ts', 'onlyTested'])
    it(`given \`${name}\`, which no code of the product has, then it is found in its line`, () =>
      assert.throws(
        () => check(`/** See\n * \`${name}\`. */`, "const data = 'is not gone' // gone"),
        (error: Error) => error.message.startsWith(`lib/a.ts:2: \`${name}\` does not occur`),
      ))

  it('given an excused name, then it has to be needed', () => {
    assert.equal(check('// `gone`', '', { 'an example': 'gone' }), '1 names')
    assert.throws(() => check('// `here`', 'here', { 'an example': 'here' }), /here is excused, but does not/)
  })

  it('given no name, then the check fails', () =>
    assert.throws(() => check('', 'read'), /no comment has a name/))
})
