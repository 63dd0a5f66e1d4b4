import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'

interface Project {
  readonly name: string
  readonly engines: { readonly node: string }
  readonly scripts: Readonly<Record<string, string>>
}

const PROJECTS = globSync('examples/*/package.json', { cwd: PROJECT })
  .map(file => JSON.parse(readFileSync(join(PROJECT, file), 'utf8')) as Project)
  .filter(({ scripts }) => scripts.test)

describe('the example projects with tests', () => {
  it('given the examples, then the one that is created for users is among them', () => {
    assert.ok(PROJECTS.some(({ name }) => name === 'thermometer'))
  })

  for (const { name, engines, scripts } of PROJECTS) {
    const needed = engines.node.replace('>=', '')

    /** Runs the step before the tests as if the project needed another version. */
    const check = (version: string) =>
      spawnSync('/bin/sh', ['-c', (scripts.pretest ?? 'exit 9').replaceAll(needed, version)], {
        encoding: 'utf8',
        env: { PATH: dirname(process.execPath) },
      })

    it(`given a Node that is too old for ${name}, then its tests say which one they need, and do not start`, () => {
      const { status, stderr } = check('100.2')
      assert.equal(status, 1)
      assert.match(stderr, /^Node 100\.2 or newer is needed, not v\d+\.\d+\.\d+\n$/)
    })

    it(`given a Node that ${name} supports, then they start`, () => {
      assert.equal(check(needed).status, 0)
      assert.equal(check(process.versions.node).status, 0)
    })
  }
})
