import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readSettings, SETTINGS } from '../../config/settings.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const RULES = readFileSync(new URL('../../RULES.md', import.meta.url), 'utf8')
const RULE_COUNT = 49

describe('the README', () => {
  for (const name of Object.keys(SETTINGS))
    it(`has a row for ${name}`, () => assert.ok(README.includes(`\n| \`${name}\` | `)))
})

describe('the pages', () => {
  it('given those that the README links, then they exist, and the package has them', () => {
    const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    const linked = new Set([...README.matchAll(/\]\(([A-Z]+\.md)/g)].map(([, page]) => page))
    assert.ok(linked.has('SECURED.md') && linked.has('RULES.md'))
    for (const page of linked) assert.ok(files.includes(page), page)
  })

  it('given settings for secured brokers, then SECURED.md has each', () => {
    const page = readFileSync(new URL('../../SECURED.md', import.meta.url), 'utf8')
    const wrong = [{ ssl: { x: 1 } }, { sasl: { x: 1 } }]
    for (const settings of wrong) {
      const { message } = thrown(() => readSettings({ brokers: 'a:1', ...settings }, {}))
      const [, known = ''] = /known are: (.*)$/m.exec(message) ?? []
      assert.notEqual(known, '', message)
      for (const name of known.split(', ')) assert.ok(page.includes(`\`${name}\``), name)
    }
  })
})

function thrown(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return assert.fail('nothing was thrown')
}

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
