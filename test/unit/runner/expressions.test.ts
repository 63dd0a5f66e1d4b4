import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { expressionsIn, findingsAmong } from '../../runner/checks/expressions.ts'

const SOURCE = String.raw`
const number = /^\d+\.?\d*$/
const word = new RegExp('^\\w+$', 'u')
const computed = [RegExp(${['`^$', '{name}:(.*)$`'].join('')}), new RegExp(pattern)]
`

describe('the check of regular expressions', () => {
  const found = expressionsIn('a.ts', SOURCE)

  it('given code, then its literals, constant texts and computed texts are found', () => {
    const expressions = found.map(({ expression }) => expression)
    assert.deepEqual(expressions, [
      String.raw`/^\d+\.?\d*$/`,
      String.raw`/^\w+$/u`,
      'RegExp(^…:(.*)$)',
      'RegExp(pattern)',
    ])
  })

  it('given one that is quadratic or computed, then it is a finding', () => {
    assert.deepEqual(findingsAmong(found, []), [
      String.raw`a.ts: /^\d+\.?\d*$/ is vulnerable: 2nd degree polynomial`,
      'a.ts: RegExp(^…:(.*)$) is made from computed text',
      'a.ts: RegExp(pattern) is made from computed text',
    ])
  })

  it('given excuses, then one without a reason or without a slow expression is a finding', () => {
    const excused = found.map(({ file, expression }) => ({ file, expression, reason: 'bounded' }))
    const [first, word, ...others] = excused
    assert.ok(first && word)
    assert.equal(findingsAmong(found, [first, ...others]).length, 0)
    assert.match(findingsAmong(found, excused).join(), /\\w\+.* is excused/)
    assert.match(findingsAmong(found, [{ ...first, reason: ' ' }, ...others]).join(), /without a reason/)
  })
})
