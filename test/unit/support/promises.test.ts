/** The check of promises: it finds planted cases, and fails if it has nothing to look at. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failed } from '../../runner/check.ts'
import { checkPromises } from '../../runner/checks/promises.ts'

const KEY = 'docs/a.md#'
const PAGE = '## A heading\n\n| promise | how |\n|---|---|\n| It is kept | so |\n'
// The key is put together, so that the check does not take these lines for promises of this file.
const above = (place: string, code: string) => `// ${'Promise'} ${KEY}${place} | What it says.\n${code}\n`
const GOOD = above('It is kept', "it('is kept', () => {})")

describe('promises above tests', () => {
  const check = (text: string, needed: readonly string[] = []) =>
    checkPromises({ 'test/a.test.ts': text }, { 'docs/a.md': PAGE }, needed)

  it('given each promise above a test, then they are counted', () => {
    const twice = GOOD + above('a-heading', "  // A comment.\n  describe('more', () => {})")
    assert.equal(check(twice, ['docs/a.md']), '2 promises of 1 pages')
  })

  for (const [what, text, says] of [
    [
      'no test below',
      above('It is kept', 'const a = 1'),
      /no test follows the promise docs\/a\.md#It is kept/,
    ],
    [
      'a place that the page lacks',
      GOOD + above('gone', "it('is', () => {})"),
      /#gone: the page has no such/,
    ],
    ['a row without test', above('a-heading', "it('is', () => {})"), /#It is kept: no test holds it/],
    ['nothing', '', /docs\/a\.md: no test holds a promise of it/],
  ] as const)
    it(`given ${what}, then it is found`, () =>
      assert.throws(
        () => check(text, ['docs/a.md']),
        (error: Error) => error instanceof Failed && says.test(error.message),
      ))
})
