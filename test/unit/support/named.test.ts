/** Checks of what comments, texts and pages name: each finds a planted case, and fails if it has nothing to look at. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COMMANDS } from '../../../cli/commands.ts'
import { checkNames } from '../../runner/checks/comment-names.ts'
import { checkCommands } from '../../runner/checks/named-commands.ts'
import { checkFunctionNames } from '../../runner/checks/names.ts'
import { checkTests } from '../../runner/checks/page-tests.ts'

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

describe('the commands in texts', () => {
  const check = (text: string) => checkCommands({ 'cli/a.ts': text }, COMMANDS, ['views'])

  it('given commands and scripts that exist, then they are counted', () =>
    assert.equal(check('`sluice rules test`, `sluice skip alerting`, `npm run views`'), '3 commands'))

  for (const command of ['sluice gone', 'sluice rules gone', 'npm run gone'])
    it(`given ${command}, then it is found`, () =>
      assert.throws(() => check(`Run \`${command}\`.`), {
        message: `cli/a.ts: "${command}" is not a command`,
      }))

  it('given no command, then the check fails', () => assert.throws(() => check('sluice'), /no text names/))
})

describe('the tests that pages name', () => {
  const check = (page: string) =>
    checkTests({ 'docs/a.md': page }, ['test/long/b.test.ts', 'packages/c.test.ts'])

  it('given tests and folders that exist, then they are counted', () =>
    assert.equal(
      check('`test/long/`, `b.test.ts`, `node --test packages/c.test.ts`, `FILE.test.ts`'),
      '3 tests in 1 pages',
    ))

  for (const test of ['test/gone/', 'test/long/gone.test.ts', 'gone.test.ts'])
    it(`given ${test}, then it is found`, () =>
      assert.throws(() => check(`see \`${test}\``), { message: `docs/a.md: ${test} does not exist` }))

  it('given no test, then the check fails', () => assert.throws(() => check('b.test.ts'), /no page names/))
})

describe('the names of functions and things', () => {
  const check = (line: string) => checkFunctionNames([['lib/a.ts', `function readRecord() {\n${line}\n}\n`]])

  for (const line of ['alerts.map(it => 1)', 'alerts.map((it, index) => 1)', 'for (const it of alerts) x()'])
    it(`given ${line} with "one", then its line is found`, () =>
      assert.throws(() => check(line.replace('it', 'one')), /lib\/a\.ts:2\nName the thing/))

  for (const name of ['started', 'rowOf', 'rowIn'])
    it(`given a function ${name}, then it is found`, () =>
      assert.throws(() => check(`function ${name}() {`), new RegExp(`a\\.ts:2: ${name} `)))

  it('given verbs and named things, then functions are counted', () =>
    assert.match(check('alerts.map(alert => alert.id)'), /^1 functions/))

  it('given no function, then the check fails', () =>
    assert.throws(() => checkFunctionNames([['lib/a.ts', 'const none = 1']]), /no function/))
})
