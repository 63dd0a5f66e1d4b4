import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'

const PAGE = readFileSync(join(PROJECT, 'docs/guarantees.md'), 'utf8')

/** The numbers in the given form that a text has, without repeats, in ascending order. */
const listNumbers = (text: string, form: RegExp) =>
  [...new Set([...text.matchAll(form)].map(([, number]) => Number(number)))].toSorted((a, b) => a - b)

describe('the fine print', () => {
  const [, finePrint = ''] = /^## The fine print$(.*?)^## /ms.exec(PAGE) ?? []
  const rules = listNumbers(finePrint, /^(\d+)\. /gm)

  it('given its rules, then they are numbered without a gap, and 27, which was another rule, is not used again', () => {
    assert.ok(rules.length > 20)
    const all = Array.from({ length: rules.length + 1 }, (_, index) => index + 1)
    assert.deepEqual(
      rules,
      all.filter(number => number !== 27),
    )
  })

  it('given its rules, then each has a test named after it, and no test names another rule', () => {
    const files = globSync('{test,packages/runtime/test}/unit/**/*.test.ts', { cwd: PROJECT })
    const titles = files.map(file => readFileSync(join(PROJECT, file), 'utf8')).join('\n')
    assert.deepEqual(listNumbers(titles, /\b(?:describe|it)\(\s*['"`]rule (\d+): /g), rules)
  })
})
