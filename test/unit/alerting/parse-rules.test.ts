import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRules } from '../../../lib/alerting/parse-rules.ts'
import { thresholdRules } from '../../../lib/alerting/patterns/pattern.ts'
import { identityOf } from '../../../lib/alerting/rule.ts'
import { InvalidRules, readRules } from '../../../lib/alerting/rule-files.ts'
import { limits, ruleOf } from './support.ts'

const GOOD = {
  name: 'HOT',
  family: 'environment',
  metric: 'temperature',
  fireAbove: 40,
  severity: 'critical',
}

/** The errors of one good rule with some keys changed, as `key: message`. */
function errorsOf(changes: Readonly<Record<string, unknown>>): string[] {
  const row = Object.fromEntries(
    Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined),
  )
  const { rules, errors } = parseRules([{ where: 'a.yaml', content: { rules: [row] } }])
  assert.equal(rules.length === 0, errors.length > 0)
  return errors.map(({ key, message }) => `${key}: ${message}`)
}

describe('a rule', () => {
  test('given only required keys, then the defaults are no delay, hysteresis or labels, and a summary', () => {
    assert.deepEqual(ruleOf({ fireBelow: 0 }), {
      name: 'HOT',
      family: 'environment',
      metric: 'temperature',
      condition: {
        kind: 'limits',
        fire: { above: Number.POSITIVE_INFINITY, below: 0 },
        clear: { above: Number.POSITIVE_INFINITY, below: 0 },
      },
      forMs: 0,
      keepFiringForMs: 0,
      staleAfterMs: 0,
      onSilence: 'keep',
      severity: 'warning',
      labels: {},
      summary: '{{entity}}: {{metric}} is {{value}}, below {{threshold}}',
      paused: false,
    })
  })

  test('given every key, then each has its place', () => {
    const rule = ruleOf({
      fireAbove: 30,
      clearBelow: 28,
      for: '5m',
      keepFiringFor: '2m',
      staleAfter: '15m',
      labels: { team: 'ops' },
      summary: 'hot',
    })
    assert.deepEqual(
      [
        limits(rule).clear.above,
        rule.forMs,
        rule.keepFiringForMs,
        rule.staleAfterMs,
        rule.labels,
        rule.summary,
      ],
      [28, 300_000, 120_000, 900_000, { team: 'ops' }, 'hot'],
    )
  })

  test('given another unit, then thresholds are those of the metric, and a change counts without its zero', () => {
    const fahrenheit = { unit: '°F', fireAbove: 104, clearBelow: 95 }
    assert.deepEqual(ruleOf(fahrenheit).condition, ruleOf({ fireAbove: 40, clearBelow: 35 }).condition)
    assert.deepEqual(
      ruleOf({ unit: '°F', fireAbove: 9, changeOver: '10m' }).condition,
      ruleOf({ fireAbove: 5 }).condition,
    )
  })

  test('given what people may write once or as a list, then both are the same rule', () => {
    const match = { site: 'oslo', entity: 's-1', tags: { floor: '3' } }
    assert.deepEqual(
      ruleOf({ fireAbove: 1, match }),
      ruleOf({ fireAbove: 1, match: { site: ['oslo'], entity: ['s-1'], tags: { floor: ['3'] } } }),
    )
  })

  test('given equal thresholds, then the rule is valid', () => {
    assert.deepEqual(errorsOf({ clearBelow: 40 }), [])
  })
})

describe('an error', () => {
  const cases: [changes: Record<string, unknown>, ...errors: RegExp[]][] = [
    [{ onsilence: 'alert' }, /^onsilence: unknown key; did you mean onSilence\? a rule has name, family, /],
    [{ onSilence: 'alert' }, /^onSilence: needs staleAfter, the duration of a silence$/],
    [{ fireabove: 3 }, /^fireabove: unknown key/],
    [{ name: undefined }, /^name: is missing: must be a letter/],
    [{ name: 'HIGH TEMP' }, /^name: must be a letter.*, not "HIGH TEMP"$/],
    [{ name: '__proto__' }, /^name: must be a letter/],
    [{ family: 'weather' }, /^family: must be one of environment, database, device, not "weather"$/],
    [
      { metric: 'temp' },
      /^metric: must be one of temperature, humidity, pressure, windSpeed, status, not "temp"$/,
    ],
    [{ metric: 'cpuUsagePercent' }, /^metric: must be one of temperature/],
    [{ fireAbove: undefined }, /^fireAbove: give exactly one of fireAbove, fireBelow, fireOutside/],
    [{ fireBelow: 0 }, /^fireAbove: give exactly one/],
    [{ fireAbove: '40' }, /^fireAbove: must be a number without quotes, not "40"$/],
    [{ fireAbove: Number.POSITIVE_INFINITY }, /^fireAbove: must be a number/],
    [{ clearBelow: null }, /^clearBelow: must be a number without quotes, not null$/],
    [{ clearBelow: 41 }, /^clearBelow: must be at most fireAbove, 40/],
    [{ fireAbove: undefined, fireBelow: 0, clearAbove: -1 }, /^clearAbove: must be at least fireBelow, 0/],
    [{ clearAbove: 30 }, /^clearAbove: requires fireBelow, which the rule does not have$/],
    [{ for: 90 }, /^for: must be a duration such as 90s, 5m or 1h30m, or 0, not 90$/],
    [{ keepFiringFor: '-5m' }, /^keepFiringFor: must be a duration/],
    [{ staleAfter: '5 minutes' }, /^staleAfter: must be a duration/],
    [{ severity: undefined }, /^severity: is missing: must be one of critical, warning, info$/],
    [{ severity: 'fatal' }, /^severity: must be one of critical, warning, info, not "fatal"$/],
    [{ labels: ['team'] }, /^labels: must be a mapping of label to text, not a list$/],
    [{ labels: { floor: 3 } }, /^labels\.floor: must be text: put 3 in quotes$/],
    [{ labels: { 'a b': 'c' } }, /^labels: label "a b" must start with a letter/],
    [{ unit: 'kg' }, /^unit: does not fit temperature: use °C \(C, .*, not "kg"$/],
    [{ unit: '°F', fireAbove: 104, clearBelow: 105 }, /^clearBelow: must be at most fireAbove, 104/],
    [
      { fireAbove: undefined, fireOutside: [5, 3] },
      /^fireOutside: must be \[least, most\], and 5 is not less than 3$/,
    ],
    [
      { fireAbove: undefined, fireOutside: [3] },
      /^fireOutside: must be two numbers, \[least, most\], not a list$/,
    ],
    [
      { fireAbove: undefined, fireOutside: [1, 5], clearInside: [0, 4] },
      /^clearInside: must be within fireOutside, \[1,5\]/,
    ],
    [{ clearInside: [1, 2] }, /^clearInside: requires fireOutside/],
    [{ fireAbove: undefined, fireEquals: 'ok' }, /^fireEquals: temperature is a number: use fireAbove, /],
    [{ metric: 'status' }, /^fireAbove: status is a state and not a number: use fireEquals$/],
    [
      { metric: 'status', fireAbove: undefined, fireEquals: ['ok', 'bad'] },
      /^fireEquals: status is never bad: it is one of ok, degraded, maintenance$/,
    ],
    [
      { metric: 'status', fireAbove: undefined, fireEquals: 'ok', unit: '°F', changeOver: '1m' },
      /^unit: does not go with fireEquals/,
      /^changeOver: does not go with fireEquals/,
    ],
    [
      { metric: 'humidity', fireAbove: 100 },
      /^fireAbove: would never fire: humidity is always between 0 and 100 %$/,
    ],
    [
      { metric: 'pressure', fireAbove: 5, clearBelow: -1 },
      /^clearBelow: would never clear: .* at least 0 hPa$/,
    ],
    [{ changeOver: '0' }, /^changeOver: must be a duration greater than 0$/],
    [{ changeOver: '1m', deviationOver: '1m' }, /^deviationOver: does not go with changeOver/],
    [{ deviationOver: '1h', unit: '°F' }, /^unit: does not go with deviationOver/],
    [
      { staleAfter: '1m', onSilence: 'no-data', labels: { rule: 'x' } },
      /^labels: must not have the label "rule"/,
    ],
    [{ staleAfter: 0, onSilence: 'ok' }, /^onSilence: needs a staleAfter greater than 0/],
    [
      { staleAfter: '1m', onSilence: 'quiet' },
      /^onSilence: must be one of keep, ok, alert, no-data, not "quiet"$/,
    ],
    [{ match: {} }, /^match: must be a mapping such as/],
    [{ match: { city: 'x' } }, /^match\.city: unknown key; match has site, /],
    [
      { match: { model: 'm1' } },
      /^match\.model: readings of environment have no model: the rule would never fire$/,
    ],
    [{ match: { model: 'm', site: [] } }, /^match\.site: must be a text/, /^match\.model: readings of/],
    [{ match: { site: 3 } }, /^match\.site: must be a text in quotes, or a list of such texts, not 3$/],
    [{ paused: 'yes' }, /^paused: must be true or false, not "yes"$/],
    [{ name: 'NoData' }, /^name: NoData is the name of the alerts of/],
    [{ summary: '{{labels.team}}' }, /^summary: the rule has no such label: \{\{labels\.team\}\}$/],
    [{ summary: '' }, /^summary: must be text/],
    [{ summary: '{{valu}}' }, /^summary: unknown placeholder \{\{valu\}\}; use \{\{value\}\}, /],
    [{ summary: 'at {{value}' }, /^summary: a placeholder is not closed/],
    [{ metric: 'temp', for: 5, sevrity: 'info' }, /^sevrity: /, /^metric: /, /^for: /],
  ]
  for (const [changes, ...expected] of cases) {
    test(`given ${JSON.stringify(changes)}, then it is refused`, () => {
      const errors = errorsOf(changes)
      assert.equal(errors.length, expected.length, errors.join('\n'))
      for (const [index, pattern] of expected.entries()) assert.match(errors[index] ?? '', pattern)
    })
  }

  for (const [clear, fire] of [
    ['clearBelow', 'fireAbove'],
    ['clearAbove', 'fireBelow'],
    ['clearInside', 'fireOutside'],
  ] as const)
    test(`given ${clear} without ${fire}, then the message names what it goes with`, () => {
      const value = clear === 'clearInside' ? [1, 2] : 1
      const other = fire === 'fireAbove' ? { fireAbove: undefined, fireBelow: 0 } : {}
      const errors = errorsOf({ ...other, [clear]: value })
      assert.ok(errors.includes(`${clear}: requires ${fire}, which the rule does not have`), errors.join())
    })

  test('given a state of a family that does not exist, then only the family is wrong', () => {
    assert.deepEqual(
      errorsOf({ family: 'oven', metric: 'status', fireAbove: undefined, fireEquals: 'on' }).map(
        error => error.split(':')[0],
      ),
      ['family'],
    )
  })

  test('given a document of another shape, then it is rejected', () => {
    for (const content of [
      null,
      [],
      'rules',
      { rules: null },
      { rules: {} },
      { rules: [], more: 1 },
      { rules: [3] },
    ]) {
      const { errors } = parseRules([{ where: 'a.yaml', content }])
      assert.notEqual(errors.length, 0, JSON.stringify(content))
    }
  })
})

describe('identity', () => {
  const twice = (first: object, second: object) =>
    parseRules([
      { where: 'a.yaml', content: { rules: [{ ...GOOD, ...first }] } },
      { where: 'b.yaml', content: { rules: [{ ...GOOD, ...second }] } },
    ]).errors

  test('given the same name and labels in two files, then the second is rejected, whatever else differs', () => {
    const labels = { a: '1', b: '2' }
    assert.deepEqual(twice({ labels }, { labels: { b: '2', a: '1' }, fireAbove: 50 }), [
      {
        where: 'b.yaml',
        rule: 'HOT',
        key: 'name',
        message: 'HOT{a="1",b="2"} is already in a.yaml: rename one, or give them different labels',
        path: ['rules', 0, 'name'],
      },
    ])
  })

  test('given the same name with other labels, then they are two rules', () => {
    assert.deepEqual(twice({ labels: { team: 'a' } }, { labels: { team: 'b' } }), [])
    assert.deepEqual(twice({}, { labels: { team: 'b' } }), [])
  })

  test('given label values that contain the separators, then identities stay different', () => {
    const one = identityOf({ name: 'X', labels: { a: '1",b="2' } })
    const two = identityOf({ name: 'X', labels: { a: '1', b: '2' } })
    assert.notEqual(one, two)
  })
})

describe('rule files', () => {
  test('given YAML, then the rules come in the order of the files', () => {
    const text = (name: string) =>
      `rules:\n  - { name: ${name}, family: device, metric: x, fireBelow: -1, severity: info, for: 1h30m }`
    const rules = readRules([
      { where: 'b.yaml', text: text('B') },
      { where: 'a.yaml', text: text('A') },
    ])
    assert.deepEqual(
      thresholdRules(rules).map(({ name, forMs }) => [name, forMs]),
      [
        ['B', 5_400_000],
        ['A', 5_400_000],
      ],
    )
  })

  test('given errors of every kind in several files, then one error lists them all with file, rule and key', () => {
    const files = [
      { where: 'a.yaml', text: 'rules: [' },
      { where: 'b.yaml', text: 'rules:\n  - name: HOT\n    name: HOT' },
      { where: 'c.yaml', text: 'rules: *nowhere' },
      { where: 'empty.yaml', text: '# no rules yet' },
      { where: 'two.yaml', text: 'rules: []\n---\nrules: []' },
      { where: 'd.yaml', text: 'rules:\n  - { ...: 1 }\n  - { name: HOT, fireAbove: x }' },
    ]
    assert.throws(
      () => readRules(files),
      (error: InvalidRules) => {
        assert.ok(error instanceof InvalidRules)
        assert.equal(error.name, 'InvalidRules')
        assert.match(error.message, /^the alert rules have \d+ errors:\n {2}a\.yaml: not YAML: /)
        assert.match(error.message, /\n {2}b\.yaml: not YAML: duplicated mapping key at line 3/)
        assert.match(
          error.message,
          /\n {2}c\.yaml: aliases are not supported: replace it with the value at line 1/,
        )
        assert.match(error.message, /\n {2}empty\.yaml: must be a mapping with the one key `rules`/)
        assert.match(error.message, /\n {2}two\.yaml: contains more than one YAML document/)
        assert.match(error.message, /\n {2}d\.yaml: rule 1: \.\.\.: unknown key/)
        assert.match(error.message, /\n {2}d\.yaml: HOT: fireAbove: must be a number without quotes, not "x"/)
        return true
      },
    )
  })
})
