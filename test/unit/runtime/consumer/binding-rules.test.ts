import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'

/** The list of rules, where this project has it beside its folder. */
const CHECKLIST = join(PROJECT, '../shared/rules/cloudevents-kafka.md')
const TESTS = join(PROJECT, 'packages/runtime/test/unit/cloudevents/rules')

const collect = (text: string, rule: RegExp) => [...text.matchAll(rule)].map(([, name]) => name)

test('given the list of rules, then the engine tests each, and no other', {
  skip: !existsSync(CHECKLIST),
}, () => {
  const tested = globSync(join(TESTS, '*.test.ts')).flatMap(file =>
    collect(readFileSync(file, 'utf8'), /\bit\('([A-F]\d+): /g),
  )
  const listed = collect(readFileSync(CHECKLIST, 'utf8'), /^\| ([A-F]\d+) \|/gm)
  assert.ok(listed.length > 40)
  assert.deepEqual([...new Set(tested)].toSorted(), listed.toSorted())
})
