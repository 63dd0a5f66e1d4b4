import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRules } from '../../../lib/alerting/parse-rules.ts'
import { thresholdRules } from '../../../lib/alerting/patterns/pattern.ts'
import { getRuleIdentity } from '../../../lib/alerting/rule.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { FAMILIES } from '../../support/families.ts'
import { createRule, limits } from './support.ts'

describe('a rule', () => {
  test('given only required keys, then the defaults are no delay, hysteresis or labels, and a summary', () => {
    assert.deepEqual(createRule({ fireBelow: 0 }), {
      name: 'HOT',
      family: 'environment',
      metric: 'temperature',
      unit: '°C',
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
    const rule = createRule({
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

  test('given a limit that no value of the metric can pass, then it is refused; one below it is not', () => {
    const refuse = (keys: object) => {
      const row = { name: 'WET', family: 'environment', metric: 'humidity', severity: 'warning', ...keys }
      return parseRules(FAMILIES, { rules: [row] }).errors.map(error => JSON.stringify(error))
    }
    for (const [reached, beyond] of [
      [{ fireAbove: 99.9 }, { fireAbove: 100 }],
      [{ fireBelow: 0.1 }, { fireBelow: 0 }],
      [{ fireOutside: [0, 99.9] }, { fireOutside: [0, 100] }],
      [{ fireOutside: [0.1, 100] }, { fireOutside: [-1, 101] }],
    ] as const) {
      assert.deepEqual(refuse(reached), [])
      assert.match(refuse(beyond).join(), /would never fire: humidity is always between 0 and 100 %/)
    }
  })

  test('given another unit, then thresholds are those of the metric, and a change counts without its zero', () => {
    const fahrenheit = { unit: '°F', fireAbove: 104, clearBelow: 95 }
    assert.deepEqual(
      createRule(fahrenheit).condition,
      createRule({ fireAbove: 40, clearBelow: 35 }).condition,
    )
    assert.deepEqual(
      createRule({ unit: '°F', fireAbove: 9, changeOver: '10m' }).condition,
      createRule({ fireAbove: 5 }).condition,
    )
  })

  test('given what people may write once or as a list, then both are the same rule', () => {
    const match = { site: 'oslo', entity: 's-1', tags: { floor: '3' } }
    assert.deepEqual(
      createRule({ fireAbove: 1, match }),
      createRule({ fireAbove: 1, match: { site: ['oslo'], entity: ['s-1'], tags: { floor: ['3'] } } }),
    )
  })
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
    const { errors } = parseRules(FAMILIES, content)
    assert.notEqual(errors.length, 0, JSON.stringify(content))
  }
})

test('given label values that contain the separators, then identities stay different', () => {
  const one = getRuleIdentity({ name: 'X', labels: { a: '1",b="2' } })
  const two = getRuleIdentity({ name: 'X', labels: { a: '1', b: '2' } })
  assert.notEqual(one, two)
})

describe('rule files', () => {
  test('given YAML, then the rules come in the order of the files', () => {
    const text = (name: string) =>
      `rules:\n  - { name: ${name}, family: device, metric: x, fireBelow: -1, severity: info, for: 1h30m }`
    const rules = readRules(FAMILIES, [
      { file: 'b.yaml', text: text('B') },
      { file: 'a.yaml', text: text('A') },
    ])
    assert.deepEqual(
      thresholdRules(rules).map(({ name, forMs }) => [name, forMs]),
      [
        ['B', 5_400_000],
        ['A', 5_400_000],
      ],
    )
  })
})
