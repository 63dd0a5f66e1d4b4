import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { SETTINGS } from '../../config/settings.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const RULES = readFileSync(new URL('../../RULES.md', import.meta.url), 'utf8')
const RULE_COUNT = 51

describe('the README', () => {
  for (const name of Object.keys(SETTINGS))
    it(`has a row for ${name}`, () => assert.ok(README.includes(`\n| \`${name}\` | `)))
})

describe('the list of rules', () => {
  const rows = [...RULES.matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)]

  it('has every rule once, with how the trigger implements it', () => {
    assert.deepEqual(
      rows.map(([, number]) => Number(number)),
      Array.from({ length: RULE_COUNT }, (_, index) => index + 1),
    )
  })

  it('names a page of AWS for every rule that is not inferred', () => {
    for (const [, number, , source = ''] of rows) {
      if (source === 'inferred') continue
      const pages = [...source.matchAll(/\]\[(\w+)\]/g)].map(([, page]) => page)
      assert.ok(pages.length > 0, `rule ${number}`)
      for (const page of pages)
        assert.match(RULES, RegExp(`^\\[${page}\\]: https://docs\\.aws\\.amazon\\.com/`, 'm'))
    }
  })
})
