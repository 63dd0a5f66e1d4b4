/** Where each of the 49 rules is held: the titles of tests name their rules. A rule that no test names fails. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const TRIGGER = join(import.meta.dirname, '..', '..')

/** Tests that look at the trigger from outside: a project that runs, a real Kafka, and what a handler receives. */
const OUTSIDE = 'test/{integration,long}/**/*.test.ts'
const INSIDE = 'test/unit/**/*.test.ts'

/** Rules that cannot be seen from outside, and why. RULES.md says so, too. */
const NOT_SEEN: Readonly<Record<number, { readonly why: string; readonly here: RegExp }>> = {
  17: { why: 'one poller: nothing scales with the lag', here: /^differs: one poller/ },
  35: { why: 'a mapping is there at once', here: /^differs: reading starts at once/ },
  48: { why: 'it is a rule for readers of destinations', here: /^does not concern the trigger/ },
}

interface Held {
  readonly file: string
  readonly title: string
  readonly rules: readonly number[]
}

const rules = [
  ...readFileSync(join(TRIGGER, 'RULES.md'), 'utf8').matchAll(
    /^\| (\d+) \| ([^|]+) \| [^|]+ \| ([^|]+) \|$/gm,
  ),
].map(([, number, what = '', here = '']) => ({ number: Number(number), what, here: here.trim() }))

/** The tests whose titles name rules. */
function held(files: string): Held[] {
  return globSync(files, { cwd: TRIGGER }).flatMap(file => {
    const source = readFileSync(join(TRIGGER, file), 'utf8')
    const titles = source.matchAll(
      /\b(?:it|describe)\(\s*(['"`])((?:(?!\1).)+)\1|^\s+(['"])((?:(?!\3).)+)\3,$/gm,
    )
    return [...titles].flatMap(([, , title = '', , listed = '']) => {
      const named = rulesIn(title || listed)
      return named.length > 0 ? [{ file, title: title || listed, rules: named }] : []
    })
  })
}

/** The rules that a title names: `(rule 9)`, `(rules 1, 8)`, `(rules 11 to 13)`. */
function rulesIn(title: string): number[] {
  const [, list] = /\(rules? ([\d, to]+)\)/.exec(title) ?? []
  if (list === undefined) return []
  return list.split(',').flatMap(part => {
    const [first = Number.NaN, last = first] = part.split('to').map(Number)
    return Number.isInteger(first) ? Array.from({ length: last - first + 1 }, (_, n) => first + n) : []
  })
}

describe('each rule is held by a test from outside', () => {
  const outside = held(OUTSIDE)
  const all = [...outside, ...held(INSIDE)]

  it('given the tests, then some are found on both sides, and none names a rule that does not exist', () => {
    assert.equal(rules.length, 49)
    assert.ok(outside.length > 20 && all.length > outside.length + 20)
    const known = new Set(rules.map(({ number }) => number))
    for (const { file, title, rules: named } of all)
      assert.ok(
        named.every(number => known.has(number)),
        `${file}: ${title}`,
      )
  })

  for (const { number, what, here } of rules)
    it(`rule ${number}: ${what.slice(0, 80)}`, t => {
      const exception = NOT_SEEN[number]
      const tests = outside.filter(one => one.rules.includes(number))
      for (const { file, title } of tests) t.diagnostic(`${file}: ${title}`)
      if (exception) {
        assert.match(here, exception.here, `RULES.md agrees: ${exception.why}`)
        assert.deepEqual(tests, [], 'it is seen after all: remove it from NOT_SEEN')
      } else assert.ok(tests.length > 0, `no test from outside names rule ${number} in its title`)
    })
})
