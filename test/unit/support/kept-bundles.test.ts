import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Bundler, bundled } from '../../support/kept-bundles/bundler.ts'

const ENTRY = 'functions/one/handler.ts'
const CODE = 'lib/code.ts'
const SCRIPT = 'lib/script.lua'
const PLUGINS = 'esbuild.plugins.cjs'
const STAND_INS = 'localstack/invoke-local/esbuild.cjs'
const WORKSPACES = ['functions', 'lib/runtime', 'packages/one', 'localstack/msk-trigger']
const HOUR_MS = 3_600_000

describe('bundles that tests keep for one another', () => {
  let project: string
  let built: string[] = []

  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(project, file)), { recursive: true })
    await writeFile(join(project, file), text)
  }

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-kept-'))
    const packages = ['package-lock.json', 'package.json', ...WORKSPACES.map(name => `${name}/package.json`)]
    const files = [PLUGINS, STAND_INS, 'tsconfig.json', ...packages, ENTRY, CODE, SCRIPT]
    for (const file of files) await write(file, file)
  })

  after(() => rm(project, { recursive: true }))

  beforeEach(async () => {
    await start()
    built = []
  })

  /** As serverless-esbuild builds: what it has built already, it does not build again. */
  async function build(this: Bundler): Promise<void> {
    for (const { entry } of this.functionEntries) {
      if (this.buildCache?.[entry]) continue
      built.push(entry)
      const output = join('build', dirname(entry), 'handler.js')
      await write(output, `built of ${await readFile(join(project, CODE), 'utf8')}`)
      const metafile = { inputs: { [entry]: {}, [CODE]: {} }, outputs: { [output]: {} } }
      this.buildCache = { ...this.buildCache, [entry]: { result: { metafile } } }
    }
  }

  /** @returns the bundle that the function has then */
  async function start({ minify = true, plugins = ['inline-text'] } = {}): Promise<string> {
    await rm(join(project, 'build'), { recursive: true, force: true })
    const bundler = {
      buildDirPath: join(project, 'build'),
      buildOptions: { minify },
      plugins: plugins.map(name => ({ name })),
      functionEntries: [{ entry: ENTRY }],
    }
    await bundled(bundler, build, { folder: join(project, 'kept'), project })
    return readFile(join(project, 'build', dirname(ENTRY), 'handler.js'), 'utf8')
  }

  it('given the same files as before, then nothing is built, and the bundle is there', async () => {
    assert.equal(await start(), `built of ${CODE}`)
    assert.deepEqual(built, [])
  })

  it('given another file in the bundle, then it is built, and the bundle is the new one', async () => {
    await write(CODE, 'other')
    assert.equal(await start(), 'built of other')
    assert.deepEqual(built, [ENTRY])
    await write(CODE, CODE)
    assert.equal(await start(), `built of ${CODE}`)
    assert.deepEqual(built, [ENTRY], 'the one before is kept, too')
  })

  for (const [what, file] of [
    ['a script that a plugin puts into it', SCRIPT],
    ['another plugin', PLUGINS],
    ['another stand-in for servers', STAND_INS],
    ['other packages', 'package-lock.json'],
    ['another option of the compiler', 'tsconfig.json'],
    ['another package.json', 'package.json'],
    ...WORKSPACES.map(name => [`another package.json of ${name}`, `${name}/package.json`] as const),
  ] as const)
    it(`given ${what}, then it is built`, async () => {
      await write(file, 'other')
      await start()
      assert.deepEqual(built, [ENTRY])
      await write(file, file)
    })

  it('given another option of the bundler, or plugins of another command, then it is built', async () => {
    await start({ minify: false })
    await start({ plugins: ['inline-text', 'stand-ins'] })
    assert.deepEqual(built, [ENTRY, ENTRY])
  })

  /** Makes a folder, if there is none, and lets it look as if it had last been changed so long ago. */
  const age = async (folder: string, ms: number) => {
    await mkdir(folder, { recursive: true })
    const changed = new Date(Date.now() - ms)
    await utimes(folder, changed, changed)
  }

  it('given many settings, then those that were used lately are kept, and others are removed', async () => {
    const folder = join(project, 'kept')
    for (const name of await readdir(folder)) await age(join(folder, name), 2 * HOUR_MS)
    for (let n = 0; n < 20; n += 1) await age(join(folder, `other-${n}`), HOUR_MS + n)
    await start()
    const left = await readdir(folder)
    assert.equal(left.length, 8)
    assert.deepEqual(left.filter(name => name.startsWith('other-')).length, 7)
    await start()
    assert.deepEqual(built, [], 'those of this start are kept')
  })

  it('given what starts have not finished, then it is removed once it is old', async () => {
    const folder = join(project, 'kept')
    const [settings = ''] = await readdir(folder)
    await age(join(folder, settings, 'making-old'), HOUR_MS + 60_000)
    await age(join(folder, settings, 'making-new'), HOUR_MS - 60_000)
    await start()
    const left = await readdir(join(folder, settings))
    assert.deepEqual(
      left.filter(name => name.startsWith('making-')),
      ['making-new'],
    )
  })

  it('given a file of the bundle that is gone, then it is built', async () => {
    await rm(join(project, CODE))
    await assert.rejects(start(), { code: 'ENOENT' })
    assert.deepEqual(built, [ENTRY])
    await write(CODE, CODE)
  })
})
