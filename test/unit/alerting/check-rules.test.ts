import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRules, errorLine } from '../../../lib/alerting/check-rules.ts'

/** The errors of one file, as lines. */
function linesOf(text: string): string[] {
  const { rules, errors } = checkRules([{ where: 'a.yaml', text }])
  assert.equal(rules === 0, errors.length > 0)
  return errors.map(errorLine)
}

const GOOD = `rules:
  - name: HOT
    family: environment
    metric: temperature
    fireAbove: 40
    severity: critical
`

test('given valid rules, then rules are counted and files listed', () => {
  const files = [
    { where: 'a.yaml', text: GOOD },
    { where: 'b.yaml', text: 'rules: []' },
  ]
  assert.deepEqual(checkRules(files), { files: ['a.yaml', 'b.yaml'], rules: 1, errors: [] })
})

test('given more rules than one event of the log holds, then the first file has a clear error', () => {
  const files = ['a.yaml', 'b.yaml'].map(where => ({
    where,
    text: `${GOOD.replace('HOT', where.slice(0, 1))}    summary: ${'x'.repeat(600_000)}\n`,
  }))
  const { rules, errors } = checkRules(files)
  assert.equal(rules, 0)
  assert.match(
    errors.map(errorLine).join('\n'),
    /^a\.yaml:1:1 {2}the rules have \d{7} bytes in total, more [^\n]*$/,
  )
})

describe('given a text with more errors than a person reads, then the first ones are listed, soon', () => {
  const rule = (more: string) =>
    `{name: R, family: environment, metric: temperature, fireAbove: 1, severity: info, ${more}}`
  const many = (count: number, one: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => one(i))
  // The schema reports some places more than once, and a hundred of its reports are read.
  const cases: [what: string, listed: number, rules: readonly string[]][] = [
    ['elements that are not rules', 51, many(60_000, () => '1')],
    [
      'elements that are not rules, and after them a rule with a wrong type',
      51,
      [...many(100, () => '1'), rule('summary: 1, labels: 1, match: 1')],
    ],
    ['unknown keys of a rule', 101, [rule(many(60_000, index => `k${index}: 1`).join())]],
    [
      'steps that are wrong',
      27,
      [`{name: A, severity: info, pattern: {sequence: [${many(15_000, () => '{absence: 1}')}]}}`],
    ],
    ['the same rule', 101, many(10_000, () => rule('for: 1m'))],
    ['elements below a long key', 2, [rule(`${'k'.repeat(10_000)}: [${many(150_000, () => '1')}], for: 1`)]],
  ]
  for (const [what, listed, rules] of cases)
    test(what, () => {
      const startedMs = performance.now()
      const lines = linesOf(`rules: [${rules.join()}]`)
      assert.ok(performance.now() - startedMs < 5_000, 'the work grows with the text, not with its square')
      assert.equal(lines.length, listed)
      if (listed > 2) assert.match(lines[0] ?? '', /^a\.yaml:1:1 {2}has more errors than are listed/)
    })
})

describe('given an error, then it is listed with file, line, column and key', () => {
  const cases: [name: string, text: string, ...lines: RegExp[]][] = [
    ['an unknown key', `${GOOD}    colour: red\n`, /^a\.yaml:7:5 {2}HOT\.colour: unknown key/],
    ['a key in quotes', `${GOOD}    "colour": red\n`, /^a\.yaml:7:5 {2}HOT\.colour: unknown key/],
    ['a wrong type', GOOD.replace('40', '"40"'), /^a\.yaml:5:5 {2}HOT\.fireAbove: must be a number/],
    [
      'a clear threshold on the wrong side, after comments and blank lines',
      GOOD.replace('    severity', '    # a comment\n\n    clearBelow: 41\n    severity'),
      /^a\.yaml:8:5 {2}HOT\.clearBelow: must be at most fireAbove, 40/,
    ],
    ['an unknown metric', GOOD.replace('temperature', 'heat'), /^a\.yaml:4:5 {2}HOT\.metric: must be one of/],
    [
      'an unknown family',
      GOOD.replace('environment', 'weather'),
      /^a\.yaml:3:5 {2}HOT\.family: must be one of/,
    ],
    ['a bad duration', `${GOOD}    for: 5 minutes\n`, /^a\.yaml:7:5 {2}HOT\.for: must be a duration/],
    [
      'a key that is missing, at its rule',
      'rules:\n  - fireAbove: 1\n    family: device\n    metric: x\n    severity: info\n',
      /^a\.yaml:2:5 {2}rule 1\.name: is missing/,
    ],
    ['a rule that is not a mapping', `${GOOD}  - 3\n`, /^a\.yaml:7:5 {2}rule 2: must be a mapping/],
    [
      'the same rule twice',
      `${GOOD}${GOOD.slice(7)}`,
      /^a\.yaml:7:5 {2}HOT\.name: HOT is already in a\.yaml/,
    ],
    ['a key next to `rules`', `${GOOD}more: 1\n`, /^a\.yaml:7:1 {2}more: unknown key: everything goes under/],
    ['no list of rules', '\nrules: 3\n', /^a\.yaml:2:1 {2}rules: must be a list/],
    ['nothing at all', '# nothing yet\n', /^a\.yaml:1:1 {2}must be a mapping/],
    [
      'line ends of Windows',
      GOOD.replace('40', 'x').replaceAll('\n', '\r\n'),
      /^a\.yaml:5:5 {2}HOT\.fireAbove/,
    ],
    [
      'rules on one line',
      'rules: [{ name: HOT, family: device, metric: x, fireAbove: x, severity: info }]',
      /^a\.yaml:1:49 {2}HOT\.fireAbove/,
    ],
    [
      'an alias',
      'rules:\n  - &hot { name: HOT, family: device, metric: x, fireAbove: 1, severity: info }\n  - *hot\n',
      /^a\.yaml:3:5 {2}aliases are not supported: replace it with the value$/,
    ],
    ['a key that is not text', `${GOOD}    ? [a]\n    : 1\n`, /^a\.yaml:1:1 {2}not YAML: object-based map/],
    ['a list that is not closed', 'rules:\n  - [\n', /^a\.yaml:\d:\d {2}not YAML: /],
    ['a key twice', `${GOOD}    name: HOT\n`, /^a\.yaml:7:5 {2}not YAML: duplicated mapping key$/],
    ['a tab', 'rules:\n\t- x\n', /^a\.yaml:2:1 {2}not YAML: tab characters/],
    ['two documents', `${GOOD}---\n${GOOD}`, /^a\.yaml:1:1 {2}contains more than one YAML document$/],
  ]
  for (const [name, text, ...lines] of cases)
    test(name, () => {
      const found = linesOf(text)
      assert.equal(found.length, lines.length, found.join('\n'))
      for (const [index, line] of lines.entries()) assert.match(found[index] ?? '', line)
    })
})

test('given errors in several files, then all are listed, sorted by file and line', () => {
  const { errors } = checkRules([
    { where: 'b.yaml', text: 'rules: [\n' },
    { where: 'a.yaml', text: GOOD.replace('HOT', 'not a name').replace('40', 'x') },
    { where: 'c.yaml', text: GOOD },
    { where: 'd.yaml', text: GOOD },
  ])
  assert.deepEqual(
    errors.map(({ file, line, key }) => [file, line, key]),
    [
      ['b.yaml', 2, undefined],
      ['a.yaml', 2, 'name'],
      ['a.yaml', 5, 'fireAbove'],
      ['d.yaml', 2, 'name'],
    ],
  )
})
