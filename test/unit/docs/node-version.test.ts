import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '../../support/program.ts'

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8')
const find = (...patterns: readonly string[]) =>
  globSync(patterns, { cwd: PROJECT, exclude: ['**/node_modules/**', '.local/**'] })

describe('the Node that is needed', () => {
  it('given the clone, then it needs the one with which the start begins, which installs its own', () => {
    const [, oldest = ''] = /OLDEST_NODE = \[(.*)\]/.exec(read('scripts/bootstrap.mjs')) ?? []
    assert.equal(JSON.parse(read('package.json')).engines.node, `>=${oldest.replace(', ', '.')}`)
  })

  it('given the packages and projects, then each needs the same one', () => {
    const files = find('{packages,examples}/**/package.json')
    const needed = files.flatMap(file => JSON.parse(read(file)).engines?.node ?? [])
    assert.ok(needed.length > 8)
    assert.deepEqual([...new Set(needed)], ['>=24'])
  })

  it('given the pages, then each that names a version names that one', () => {
    const pages = find('*.md', '{docs,packages,examples}/**/*.md').filter(file => !file.includes('CHANGELOG'))
    const named = pages.flatMap(file =>
      [...read(file).matchAll(/\bNode(?:\.js)? (\d+)/g)].map(([_, major]) => `${file} ${major}`),
    )
    assert.ok(named.length > 5)
    assert.deepEqual(
      named.filter(text => !text.endsWith(' 24')),
      [],
    )
  })
})
