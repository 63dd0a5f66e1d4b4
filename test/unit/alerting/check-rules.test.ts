import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRules } from '../../../lib/alerting/rule-files.ts'
import { errorLine } from '../../../lib/support/file-errors.ts'
import { FAMILIES } from '../../support/families.ts'

/** The errors of one file, as lines. */
function listLines(text: string): string[] {
  const { rules, errors } = checkRules(FAMILIES, [{ file: 'a.yaml', text }])
  assert.equal(rules.length === 0, errors.length > 0)
  return errors.map(errorLine)
}

const GOOD = `rules:
  - name: HOT
    family: environment
    metric: temperature
    fireAbove: 40
    severity: critical
`

test('given more rules than one event of the log holds, then the first file has a clear error', () => {
  const files = ['a.yaml', 'b.yaml'].map(file => ({
    file,
    text: `${GOOD.replace('HOT', file.slice(0, 1))}    summary: ${'x'.repeat(600_000)}\n`,
  }))
  const { rules, errors } = checkRules(FAMILIES, files)
  assert.deepEqual(rules, [])
  assert.match(
    errors.map(errorLine).join('\n'),
    /^a\.yaml:1:1 {2}the rules have \d{7} bytes in total, more [^\n]*$/,
  )
})

describe('given a text with more errors than a person reads, then the first ones are listed, soon', () => {
  const rule = (more: string) =>
    `{name: R, family: environment, metric: temperature, fireAbove: 1, severity: info, ${more}}`
  const many = (count: number, value: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => value(i))
  // The schema reports some places more than once, and a hundred of its reports are read.
  const cases: [what: string, listed: number, rules: readonly string[]][] = [
    ['as many elements that are not rules as are listed', 100, many(100, () => '1')],
    ['elements that are not rules', 101, many(60_000, () => '1')],
    [
      'elements that are not rules, and after them a rule with a wrong type',
      101,
      [...many(100, () => '1'), rule('summary: 1, labels: 1, match: 1')],
    ],
    ['unknown keys of a rule', 101, [rule(many(60_000, index => `k${index}: 1`).join())]],
    [
      'steps that are wrong',
      101,
      [`{name: A, severity: info, pattern: {sequence: [${many(15_000, () => '{bad: 1}')}]}}`],
    ],
    ['the same rule', 101, many(10_000, () => rule('for: 1m'))],
    ['elements below a long key', 2, [rule(`${'k'.repeat(10_000)}: [${many(150_000, () => '1')}], for: 1`)]],
  ]
  for (const [what, listed, rules] of cases)
    test(what, () => {
      const startedMs = performance.now()
      const lines = listLines(`rules: [${rules.join()}]`)
      assert.ok(performance.now() - startedMs < 5_000, 'the work grows with the text, not with its square')
      assert.equal(lines.length, listed)
      const isCut = /^a\.yaml:1:1 {2}has more errors than are listed/.test(lines.at(-1) ?? '')
      assert.equal(isCut, listed === 101)
    })
})
