import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { rememberingKind } from '../../../../lib/alerting/condition.ts'
import { CONDITIONS, MEASURES } from '../../../../lib/alerting/kinds/all.ts'
import type { ConditionKind, MeasureKind } from '../../../../lib/alerting/kinds/kind.ts'
import type { Rule } from '../../../../lib/alerting/rule.ts'
import { readRules } from '../../../../lib/alerting/rule-files.ts'
import { renderSummary } from '../../../../lib/alerting/summary.ts'
import { FAMILIES } from '../../../support/families.ts'
import { createRule } from '../support.ts'

const KINDS: readonly (readonly [string, ConditionKind<never> | MeasureKind<never>])[] = [
  ...Object.entries(CONDITIONS),
  ...Object.entries(MEASURES),
] as never

const page = (file: string) =>
  readFileSync(new URL(`../../../../config/rules/${file}`, import.meta.url), 'utf8')

test('there are kinds to look at', () => assert.ok(KINDS.length >= 4))

for (const [name, { keys, memory, role }] of KINDS)
  test(`given the page of ${name}, then it has every key and word, and an example that works`, () => {
    const text = page(`kinds/${name}.md`)
    for (const key of Object.keys(keys)) assert.ok(text.includes(`\`${key}`), key)
    for (const word of memory?.placeholders ?? []) assert.ok(text.includes(`{{${word}}}`), word)
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    const [rule] = readRules(FAMILIES, [{ file: name, text: example }])
    assert.ok(rule && 'condition' in rule)
    assert.equal(role === 'measure' ? rule.measure?.of : rule.condition.kind, name)
    assert.ok(page('README.md').includes(`(kinds/${name}.md)`), 'the README links to it')
    assert.ok(largestMemory(rule) <= (memory?.largestBytes ?? 0), 'its memory stays within the bound')
  })

/** Bytes that the kind of a rule remembers at most, with two readings a second for more than an hour. */
function largestMemory(rule: Rule): number {
  const kind = rememberingKind(rule)
  let [state, bytes]: [object | undefined, number] = [undefined, 0]
  if (kind)
    for (let index = 0; index < 8_000; index += 1) {
      const timeMs = Date.UTC(2026, 0, 1) + index * 500
      state = JSON.parse(JSON.stringify(kind.memory.compare(kind.own, state, timeMs, index % 97).state))
      bytes = Math.max(bytes, JSON.stringify(state).length)
    }
  return bytes
}

test('given a kind with words of its own, then a summary has them in the unit of the metric', () => {
  const rule = { ...createRule({ fireAbove: 30 }), summary: '{{value}}, not {{expectedLow}}' }
  const compared = { value: 31, threshold: 30, words: { expectedLow: 18.5 } }
  assert.equal(renderSummary(rule, compared, { source: '/s' }), '31 °C, not 18.5 °C')
})
