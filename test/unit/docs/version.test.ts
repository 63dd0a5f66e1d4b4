import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { INCLUDED, type Manifest, PUBLISHED } from '../../support/packages.ts'

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8')
const find = (...patterns: string[]) =>
  globSync(patterns, { cwd: PROJECT, exclude: ['**/node_modules/**', '**/dist/**', '.local/**'] })

/** The one place that decides. */
const { version }: Manifest = JSON.parse(read('package.json'))

/** Returns what a package.json needs of the packages of this repository, as `name range`. */
function listOwn({ dependencies, devDependencies, peerDependencies }: Partial<Manifest>): string[] {
  const own = [...PUBLISHED, ...INCLUDED]
  return Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies }).flatMap(
    ([name, range]) => (own.includes(name) ? [`${name} ${range}`] : []),
  )
}

describe('the version in package.json', () => {
  it('given the packages, then each has that version, and takes an included one as it is', () => {
    const files = find('packages/*/package.json')
    assert.equal(files.length, PUBLISHED.length + INCLUDED.length)
    for (const file of ['package.json', ...files]) {
      const manifest: Manifest = JSON.parse(read(file))
      assert.equal(manifest.version, version, file)
      const own = listOwn(manifest)
      assert.deepEqual(
        own,
        own.map(need => need.replace(/ .*/, ' *')),
        file,
      )
    }
  })

  it('given the lock file, then it has the packages in that version', () => {
    const { packages }: { packages: Record<string, Manifest> } = JSON.parse(read('package-lock.json'))
    const own = Object.keys(packages).filter(path => path === '' || /^packages\/[^/]+$/.test(path))
    assert.equal(own.length, 1 + PUBLISHED.length + INCLUDED.length)
    for (const path of own) assert.equal(packages[path]?.version, version, path)
  })

  it('given the projects of the examples, then each needs the published packages in that version', () => {
    const projects = find('examples/*/package.json', 'packages/*/example/package.json')
    const needed = projects.flatMap(file => listOwn(JSON.parse(read(file))).map(need => `${file}: ${need}`))
    assert.ok(needed.length >= 6)
    assert.deepEqual(
      needed.filter(need => !need.endsWith(` ^${version}`)),
      [],
    )
  })

  it('given the changelogs of the packages, then each has that version', () => {
    const changelogs = find('packages/*/CHANGELOG.md')
    assert.equal(changelogs.length, 2)
    for (const file of changelogs) assert.ok(read(file).split('\n').includes(`## ${version}`), file)
  })

  it('given the command of a release, then it publishes each package, and create-sluice after those that it installs', () => {
    const { release } = JSON.parse(read('package.json')).scripts
    const names = [...release.matchAll(/--workspace (\S+)/g)].map(([, name]) => name)
    assert.deepEqual(names.toSorted(), PUBLISHED.toSorted())
    assert.equal(names.at(-1), 'create-sluice')
  })
})
