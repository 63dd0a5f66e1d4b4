import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EVENT_NAMES } from '../../../lib/alerting/patterns/event-names.ts'
import { thresholdRules } from '../../../lib/alerting/patterns/pattern.ts'
import { PATTERN_PLACEHOLDERS } from '../../../lib/alerting/patterns/pattern-summary.ts'
import { REASONS } from '../../../lib/alerting/reasons.ts'
import { ON_SILENCE, type Rule } from '../../../lib/alerting/rule.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { RULE_KEYS } from '../../../lib/alerting/rule-keys.ts'
import { PLACEHOLDERS } from '../../../lib/alerting/summary.ts'
import { FAMILIES } from '../../support/families.ts'
import { limits } from './support.ts'

const file = (name: string) => readFileSync(new URL(`../../../config/rules/${name}`, import.meta.url), 'utf8')

/** The side and the threshold of a rule that has one. */
function onlyLimit(rule: Rule) {
  const [only, ...others] = Object.entries(limits(rule).fire).filter(([, limit]) => Number.isFinite(limit))
  assert.equal(others.length, 0)
  return only ?? []
}

test('given the files that ship, then they hold the eight rules and nothing that waits', () => {
  const rules = thresholdRules(
    readRules(
      FAMILIES,
      ['weather.yaml', 'database.yaml'].map(name => ({ file: name, text: file(name) })),
    ),
  )
  assert.deepEqual(
    rules.map(rule => [rule.name, rule.family, rule.metric, ...onlyLimit(rule), rule.severity]),
    [
      ['HIGH_TEMP', 'environment', 'temperature', 'above', 40, 'critical'],
      ['LOW_TEMP', 'environment', 'temperature', 'below', 0, 'warning'],
      ['LOW_HUMIDITY', 'environment', 'humidity', 'below', 20, 'warning'],
      ['HIGH_HUMIDITY', 'environment', 'humidity', 'above', 90, 'warning'],
      ['HIGH_WIND', 'environment', 'windSpeed', 'above', 50, 'warning'],
      ['LOW_PRESSURE', 'environment', 'pressure', 'below', 980, 'warning'],
      ['HIGH_PRESSURE', 'environment', 'pressure', 'above', 1040, 'warning'],
      ['HIGH_CPU', 'database', 'cpuUsagePercent', 'above', 80, 'warning'],
    ],
  )
  for (const rule of rules) {
    assert.deepEqual([rule.forMs, rule.keepFiringForMs, limits(rule).clear], [0, 0, limits(rule).fire])
  }
})

test('given the README of the rules, then it explains every key, placeholder and metric', () => {
  const readme = file('README.md')
  const keys = [...readme.matchAll(/^\| `(\w+)` \| (?:yes|no|one)\b/gm)].map(match => match[1])
  assert.deepEqual(keys, Object.keys(RULE_KEYS))
  for (const name of PLACEHOLDERS) assert.ok(readme.includes(`{{${name}}}`), name)
  for (const { name, metrics, states } of FAMILIES.all) {
    const row = readme.split('\n').find(line => line.startsWith(`| \`${name}\` |`)) ?? ''
    assert.deepEqual(
      [...row.matchAll(/`(\w+)`/g)].slice(1).map(match => match[1]),
      [...Object.keys(metrics), ...Object.keys(states)],
    )
  }
  const [, example] = /```yaml\n(.*?)```/s.exec(readme) ?? []
  assert.equal(readRules(FAMILIES, [{ file: 'README.md', text: example ?? '' }]).length, 1)
  for (const [reason, { says }] of Object.entries(REASONS))
    assert.ok(readme.includes(`| \`${reason}\` | ${says}`), reason)
  for (const name of PATTERN_PLACEHOLDERS) assert.ok(readme.includes(`{{${name}}}`), name)
  for (const name of EVENT_NAMES) assert.ok(readme.includes(`\`${name}\``), name)
  for (const word of ON_SILENCE) assert.ok(readme.includes(`| \`${word}\` | `), word)
})

test('given the patterns in the README, then they are those that config/rules/tests/patterns.yml tests', () => {
  const listRules = (text: string, name: string) => readRules(FAMILIES, [{ file: name, text }])
  const blocks = [...file('README.md').matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)
  const [shown = '', ...others] = blocks.filter(yaml => yaml.includes('pattern:'))
  assert.deepEqual(others, [])
  const [tested = ''] = file('tests/patterns.yml').split('\ntests:')
  assert.deepEqual(listRules(shown, 'README.md'), listRules(tested, 'patterns.yml'))
})
