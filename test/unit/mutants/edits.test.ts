import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { editsOfLua } from '../../mutants/lua.ts'
import { type Edit, keyOf, mutantsOf, mutated } from '../../mutants/mutant.ts'
import { drawPassages, type Passage } from '../../mutants/sample.ts'

/** Returns the changed sources, change by change, without the white space that changes leave. */
function changed(source: string, edits: readonly Edit[]): string[] {
  return edits.map(edit => mutated(source, edit).replace(/\s+/g, ' ').trim())
}

describe('changes of Lua', () => {
  const table: readonly [source: string, expected: readonly string[]][] = [
    [
      'if a ~= ARGV[1] then\n  return 0\nend',
      [
        'if a == ARGV[1] then return 0 end',
        'if a ~= ARGV[2] then return 0 end',
        'if true then return 0 end',
        'if false then return 0 end',
        'if a ~= ARGV[1] then return 1 end',
        'if a ~= ARGV[1] then end',
      ],
    ],
    ["redis.call('SET', k,\n  'v')", ["redis.call('SET', k, '')", '']],
    [
      'local a = not b or -1',
      ['local a = b or -1', 'local a = not b and -1', 'local a = not b or 1', 'local a = not b or -2'],
    ],
    ["local a = b .. ':'", ["local a = b and ':'", "local a = b .. ''"]],
    ['-- a < 1\n--[[ b\n + 2 ]]', []],
  ]
  for (const [source, expected] of table)
    it(`given ${JSON.stringify(source)}`, () => {
      const ours = changed(source, editsOfLua(source))
      assert.deepEqual(ours.sort(), expected.map(one => one.replace(/^-- .*/, '')).sort())
    })

  it('given text that is not Lua, then the error says where', () => {
    assert.throws(() => editsOfLua('local a = $b'), /not Lua at offset 10/)
  })
})

it('given lines put before it and other white space, then a mutant has the same name', () => {
  const source = 'local a = b < c\nlocal d = e > f\n'
  const keysOf = (text: string) => mutantsOf('a.lua', text, editsOfLua(text)).map(keyOf)
  const moved = `-- new\n\n${source.replace('local a', '  local a').replace(' d', '  d')}`
  assert.deepEqual(keysOf(moved), keysOf(source))
  assert.equal(new Set(keysOf(source)).size, 2)
})

describe('a sample', () => {
  const text = 'line\n'.repeat(100)
  const sources = new Map([
    ['a.ts', text],
    ['b.ts', text],
  ])

  it('given a seed, then it is always the same; another seed draws others', () => {
    assert.deepEqual(drawPassages(sources, 5, 1), drawPassages(sources, 5, 1))
    assert.notDeepEqual(drawPassages(sources, 5, 1), drawPassages(sources, 5, 2))
  })

  it('given all passages of a file, then they are one, so that long mutants are tried too', () => {
    assert.deepEqual(drawPassages(new Map([['a.ts', text]]), 13, 1), [{ file: 'a.ts', first: 1, last: 104 }])
  })

  it('given one folder, then its passages are drawn in the same order as with others', () => {
    const lines = (passages: readonly Passage[]) =>
      passages.flatMap(({ file, first, last }) => (file === 'a.ts' ? [first, last] : []))
    const whole = lines(drawPassages(sources, 8, 3))
    const part = lines(drawPassages(new Map([['a.ts', text]]), 8, 3))
    assert.ok(whole.length > 0 && part.length > 0)
    for (const first of whole.filter((_, index) => index % 2 === 0))
      assert.ok(
        part.some((from, index) => index % 2 === 0 && from <= first && first < (part[index + 1] ?? 0)),
      )
  })
})
