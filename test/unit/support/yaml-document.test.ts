import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPositionLookup, yamlContent, yamlDocument } from '../../../lib/support/yaml-document.ts'

describe('a text of YAML', () => {
  it('given one document, then it is its content', () => {
    assert.deepEqual(yamlContent('a: [1, "&b"]\n', 'f'), { a: [1, '&b'] })
    assert.equal(yamlContent('# nothing\n', 'f'), undefined)
  })

  const cases: [string, string, { line: number; column: number }, RegExp][] = [
    ['an alias, which makes much of little', 'a: &x 1\nb:\n  - *x\n', { line: 3, column: 5 }, /alias/],
    ['aliases of aliases', 'a: &x [1]\nb: &y [*x, *x]\n', { line: 2, column: 8 }, /alias/],
    ['a second document', 'a: 1\n---\nb: 1\n', { line: 1, column: 1 }, /more than one/],
    ['brackets without end', `a: ${'['.repeat(200)}`, { line: 1, column: 103 }, /nesting/],
    ['more values than a rule set has', `[${'1,'.repeat(200_000)}]`, { line: 1, column: 1 }, /200000 values/],
    ['a text of a mebibyte', `# ${'x'.repeat(1024 * 1024)}`, { line: 1, column: 1 }, /characters/],
    ['a text that is not YAML', 'a:\r\n  b: [\r\n', { line: 3, column: 1 }, /^not YAML/],
  ]
  for (const [what, text, position, expected] of cases)
    it(`given ${what}, then it is refused with its place`, () => {
      const { message, ...at } = yamlDocument(text) as { message: string }
      assert.match(message, expected)
      assert.deepEqual(at, position)
    })

  it('given a file that is needed, then the error names it', () => {
    assert.deepEqual(yamlContent('a: 1', 'x.yml'), { a: 1 })
    assert.throws(() => yamlContent('a: &b 1\nc: *b', 'x.yml'), {
      message: /^x\.yml:2:4 {2}aliases are not supported: /,
    })
    assert.deepEqual(yamlContent('a: &b 1\nc: *b', 'x.yml', { aliases: 1 }), { a: 1, c: 1 })
    assert.throws(() => yamlContent('[&b 1, *b, *b]', 'x.yml', { aliases: 1 }), /^Error: x\.yml:1:12 /)
  })

  it('given line ends of each kind, then an offset has the line that a person sees', () => {
    const positionOf = createPositionLookup('a\r\nb\rc\nd')
    const places = [0, 2, 3, 5, 7].map(offset => Object.values(positionOf(offset)))
    assert.deepEqual(places, [
      [1, 1],
      [1, 3],
      [2, 1],
      [3, 1],
      [4, 1],
    ])
  })

  it('given as many characters as a text may have, then it is read', () => {
    assert.equal(yamlContent(`#${'x'.repeat(1024 * 1024 - 1)}`, 'f'), undefined)
  })
})
