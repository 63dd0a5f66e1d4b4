import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { HOUSES } from '../../support/houses.ts'

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8')
const find = (...patterns: readonly string[]) =>
  globSync(patterns, { cwd: PROJECT, exclude: ['**/node_modules/**', '.local/**'] })

describe('the Node that is needed', () => {
  it('given the clone, then it needs the one with which the start begins, which installs its own', () => {
    const [, oldest = ''] = /OLDEST_NODE = \[(.*)\]/.exec(read('scripts/bootstrap.mjs')) ?? []
    assert.equal(JSON.parse(read('package.json')).engines.node, `>=${oldest.replace(', ', '.')}`)
  })

  it('given the packages and projects, then those of servers and the trigger run on an older one, all others on the same', () => {
    const files = find('{packages,examples}/**/package.json')
    const needed = files.flatMap(file => {
      const { engines } = JSON.parse(read(file))
      return engines ? [[file.split('/')[1] ?? '', engines.node]] : []
    })
    assert.ok(needed.length > 8)
    const other = needed.filter(([, node]) => node !== '>=24')
    assert.deepEqual(
      other.toSorted(),
      [...HOUSES.trigger].map(name => [name, '>=22.18']),
    )
  })

  it('given the pages, then those of the clone name the one of its start, and all others 24', () => {
    const pages = find('*.md', '{docs,packages,examples}/**/*.md').filter(file => !file.includes('CHANGELOG'))
    const named = pages.flatMap(file => {
      // The pages of the trigger also name the versions of runtimes.
      const version = file.includes('msk-trigger') ? /needs Node (\d+)/g : /\bNode(?:\.js)? (\d+(?:\.\d+)?)/g
      return [...read(file).matchAll(version)].map(([_, major]) => `${file} ${major}`)
    })
    assert.ok(named.length > 5)
    assert.deepEqual(named.filter(text => !/ 24(\.|$)/.test(text)).toSorted(), [
      'README.md 20.19',
      'docs/from-an-empty-account.md 20.19',
      'docs/local-and-cloud.md 20.19',
      'docs/tutorial.md 20.19',
      'packages/msk-trigger/README.md 22',
    ])
  })
})
