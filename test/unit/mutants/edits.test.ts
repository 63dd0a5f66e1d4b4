import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { editsOfLua } from '../../mutants/lua.ts'
import { type Edit, keyOf, mutantsOf, mutated, sampleOf } from '../../mutants/mutant.ts'
import { editsOfTypeScript } from '../../mutants/typescript.ts'

/** What becomes of a source, change by change, without the white space that changes leave. */
function changed(source: string, edits: readonly Edit[]): string[] {
  return edits.map(edit => mutated(source, edit).replace(/\s+/g, ' ').trim())
}

describe('changes of TypeScript', () => {
  const table: readonly [source: string, expected: readonly string[]][] = [
    ['f(a < 1)', [';', 'f(a <= 1)', 'f(a < 2)']],
    ['const a = (b as string) ?? c', ['const a = (b as string) && c']],
    ['if (!a) throw b', ['if (true) throw b', 'if (false) throw b', 'if (a) throw b', 'if (!a) ;']],
    ['const a = b?.c', ['const a = b.c']],
    ["const a = b.filter(c).at('x')", ["const a = b.at('x')", "const a = b.filter(c).at('')"]],
    ['const f = () => [x]', ['const f = () => undefined', 'const f = () => []']],
    ['class A { #b() { return 7 } }', ['class A { #b() {} }', 'class A { #b() { return 8 } }']],
    ['/* ä */ const a = "ü" // ö', ["/* ä */ const a = '' // ö"]],
    // Types do nothing, and what is said to people is no promise.
    ["import type { A } from 'b'; type C = 1 | 'd'; interface E { f: 2 }", []],
    ['throw new Error(`this is no b`, { cause })', [';']],
    ["const a = 'two words'", []],
  ]
  for (const [source, expected] of table)
    it(`given ${source}`, () => {
      assert.deepEqual(changed(source, editsOfTypeScript(source)).sort(), [...expected].sort())
    })
})

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

describe('the names and the sample of mutants', () => {
  const source = 'const a = b < c\nconst d = e > f\n'
  const mutants = mutantsOf('a.ts', source, editsOfTypeScript(source))

  it('given lines put before it and other white space, then a mutant has the same name', () => {
    const moved = `// new\n\n${source.replace('  ', ' ').replace('const a', '  const a')}`
    const keys = mutantsOf('a.ts', moved, editsOfTypeScript(moved)).map(keyOf)
    assert.deepEqual(keys, mutants.map(keyOf))
    assert.equal(new Set(keys).size, 2)
  })

  it('given a seed, then the sample is always the same; another seed, another order', () => {
    const many = Array.from({ length: 50 }, (_, n) => `f${n}(a < ${n})`).join('\n')
    const all = mutantsOf('a.ts', many, editsOfTypeScript(many))
    const keys = (seed: number) => sampleOf(all, 10, seed).map(keyOf)
    assert.deepEqual(keys(1), keys(1))
    assert.notDeepEqual(keys(1), keys(2))
    assert.equal(new Set(keys(1)).size, 10)
  })

  it('given code that changes elsewhere, then what was in the sample before it still is, in its order', () => {
    const more = `${source}const g = h === i\n`
    const before = sampleOf(mutants, 2, 3).map(keyOf)
    const after = sampleOf(mutantsOf('a.ts', more, editsOfTypeScript(more)), 3, 3).map(keyOf)
    assert.deepEqual(
      after.filter(key => before.includes(key)),
      before,
    )
  })
})
