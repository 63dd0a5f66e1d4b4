/** Every rule of the binding has a test of its name. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const COUNTS = { A: 7, B: 7, C: 11, D: 5, E: 12, F: 3 }
const RULES = Object.entries(COUNTS).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, index) => `${group}${index + 1}`),
)

test('given the rules of the binding, then each has a test of its name, and no test names another', () => {
  const sources = globSync(join(import.meta.dirname, '*.test.ts')).map(file => readFileSync(file, 'utf8'))
  const named = sources.flatMap(source =>
    [...source.matchAll(/\bit\('([A-F]\d+): /g)].map(([, rule]) => rule),
  )
  assert.deepEqual([...new Set(named)].toSorted(), RULES.toSorted())
})
