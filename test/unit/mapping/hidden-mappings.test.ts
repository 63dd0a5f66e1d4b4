import assert from 'node:assert/strict'
import { it } from 'node:test'
import { describeHiddenMappings } from '../../../lib/mapping/hidden-mappings.ts'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { FAMILIES } from '../../support/families.ts'
import { deviceText } from './support.ts'

const WHEN = { has: '{ has: [a] }', type: '{ equals: { type: a.b } }' }
const mapping = (name: string, when?: keyof typeof WHEN) =>
  readMapping(FAMILIES, `# one\n${deviceText(when && { when: WHEN[when] })}`, name, `${name}.yaml`)
const [all, other, some, events] = [
  mapping('all'),
  mapping('other'),
  mapping('some', 'has'),
  mapping('events', 'type'),
]
const hidden = (names: string) => new RegExp(`^all\\.yaml:2 .*after it: ${names}\\. `)

// biome-ignore format: a table
for (const [given, lists, warnings] of [
  ['no mappings', [[]], []],
  ['one without a condition at the end', [[some, events, all]], []],
  ['only mappings with conditions', [[some, events]], []],
  ['one without a condition before one of CloudEvents, which it does not take', [[all, events]], []],
  ['one without a condition before others', [[some, all, events, other, some]], [hidden('other, some')]],
  ['the same order in two inputs', [[all, some], [all, some]], [hidden('some')]],
  ['other orders in two inputs', [[all, some], [some, all], [all, other]], [hidden('some'), hidden('other')]],
] as const)
  it(`given ${given}, then ${warnings.length} warnings name what is never reached`, () => {
    const found = describeHiddenMappings(lists)
    assert.equal(found.length, warnings.length, found.join('\n'))
    for (const [index, warning] of warnings.entries()) assert.match(found[index] ?? '', warning)
  })
