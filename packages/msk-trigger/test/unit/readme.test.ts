import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { getDefault } from 'valibot'
import { readSettings, SETTINGS } from '../../config/settings.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const RULES = readFileSync(new URL('../../RULES.md', import.meta.url), 'utf8')
const RULE_COUNT = 49

const code = (text: string) => `\`${text}\``

/** The default as the table of the README has it. */
function shownDefault(value: unknown): string {
  if (typeof value === 'string') return code(value)
  return value === undefined || typeof value === 'object' ? 'none' : String(value)
}

describe('the README', () => {
  for (const [name, { must, meaning, ...more }] of Object.entries(SETTINGS))
    it(`has the row of ${name} that the reader has`, () => {
      const { shown = shownDefault(getDefault(must)), variable } = { shown: undefined, variable: '', ...more }
      const wins = variable ? `. ${code(variable)} in the environment takes precedence` : ''
      assert.ok(README.includes(`\n| ${code(name)} | ${shown} | ${meaning}${wins} |\n`))
    })
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
