import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { DEFAULT_OPEN_CHOICES } from '../../../../localstack/msk-trigger/open-choices.ts'
import { readSettings } from '../../../../localstack/msk-trigger/settings.ts'

const README = readFileSync(new URL('../../../../localstack/msk-trigger/README.md', import.meta.url), 'utf8')
const RULES = 49

describe('the README', () => {
  it('has every setting of the plugin', () => {
    for (const name of Object.keys(readSettings({ brokers: 'a:1' }, {})))
      assert.match(README, RegExp(`\\| \`${name}\` `))
  })

  it('has every open choice with its default', () => {
    for (const [name, reading] of Object.entries(DEFAULT_OPEN_CHOICES)) {
      assert.match(README, RegExp(`\\| \`${name}\` \\| \`${reading}\` `))
    }
  })

  it('says of every rule how it is kept', () => {
    const table = README.slice(README.indexOf('| rule |'), README.indexOf('## What differs'))
    const rules = [...table.matchAll(/^\| ([\d, to]+) \|/gm)].flatMap(([, cell]) =>
      (cell ?? '').split(', ').flatMap(part => {
        const [first = 0, last = first] = part.split(' to ').map(Number)
        return Array.from({ length: last - first + 1 }, (_, index) => first + index)
      }),
    )
    assert.deepEqual(
      rules.toSorted((a, b) => a - b),
      Array.from({ length: RULES }, (_, index) => index + 1),
    )
  })
})
