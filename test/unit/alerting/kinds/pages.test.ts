import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CONDITIONS, MEASURES } from '../../../../lib/alerting/kinds/all.ts'
import type { ConditionKind, MeasureKind } from '../../../../lib/alerting/kinds/kind.ts'
import { readRules } from '../../../../lib/alerting/rule-files.ts'

const KINDS: readonly (readonly [string, ConditionKind<never> | MeasureKind<never>])[] = [
  ...Object.entries(CONDITIONS),
  ...Object.entries(MEASURES),
] as never

const page = (file: string) =>
  readFileSync(new URL(`../../../../config/rules/${file}`, import.meta.url), 'utf8')

test('there are kinds to look at', () => assert.ok(KINDS.length >= 4))

for (const [name, { keys, memory, role }] of KINDS)
  test(`given the page of ${name}, then it names every key and word, and its example is such a rule`, () => {
    const text = page(`kinds/${name}.md`)
    for (const key of Object.keys(keys)) assert.ok(text.includes(`\`${key}`), key)
    for (const word of memory?.placeholders ?? []) assert.ok(text.includes(`{{${word}}}`), word)
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    const [rule] = readRules([{ where: name, text: example }])
    assert.ok(rule && 'condition' in rule)
    assert.equal(role === 'measure' ? rule.measure?.of : rule.condition.kind, name)
    assert.ok(page('README.md').includes(`(kinds/${name}.md)`), 'the README links to it')
  })
