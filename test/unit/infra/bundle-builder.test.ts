import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { inlineLua } from '#runtime/packaging'
import { BuildError, Builder } from '../../../infra/packaging/bundle-builder.ts'
import { temporaryFolder } from '../../integration/localstack/support.ts'
import { FAMILIES } from '../../support/families.ts'

const CLOCK = 'functions/clock/handler.ts'
const REDRIVER = 'functions/redriver/handler.ts'
const SHARED = 'lib/shared.ts'
const SCRIPTS = 'packages/runtime/adapters/redis/scripts.ts'
const LUA = 'packages/runtime/adapters/redis/lua/load.lua'

const SOURCES = {
  [CLOCK]: "import { shared } from '../../lib/shared.ts'\nexport const handler = () => ['clock ', shared]\n",
  [REDRIVER]:
    "import { shared } from '../../lib/shared.ts'\nexport const handler = async () =>\n" +
    "  ['redriver ', shared, await import('../../packages/runtime/adapters/redis/scripts.ts')]\n",
  [SHARED]: "export const shared = 'in both'\n",
  [SCRIPTS]: "export const load = lua('load')\n",
  [LUA]: "return 'text of a script'\n",
}

const PROJECT = join(import.meta.dirname, '..', '..', '..')

describe('packages that a function loads on demand', () => {
  const { folder, remove } = temporaryFolder()
  after(() => remove())

  it('given one of CommonJS, then bundles that share code find what it exports', async () => {
    const iam = 'packages/runtime/adapters/kafka/iam-token.ts'
    const inputs = 'lib/intake/adapters/load-inputs.ts'
    const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    const settings = { bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24' }
    const builder = new Builder({
      projectDir: PROJECT,
      settings: { ...settings, mainFields: ['module', 'main'], external: ['@aws-sdk/*'], banner: { js } },
    })
    const { files } = await builder.bundleTogether([iam, inputs])
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
    for (const [file, content] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), content)
    }
    const bundled = (entry: string) => import(join(folder, entry.replace(/ts$/, 'js')))
    // Credentials of the environment sign offline.
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })
    const { iamToken } = await bundled(iam)
    assert.match((await iamToken('eu-west-1')).value, /^[\w-]{100,}$/)
    await writeFile(join(folder, 'order.json'), '{"properties":{"s":{"pattern":"^a+$"}}}')
    const as = { type: 'a.b', source: '/s', subject: 's', times: ['record'], schema: 'order.json' }
    const { loadInputs } = await bundled(inputs)
    const loaded = await loadInputs(FAMILIES, [{ topic: 'a', as }], {
      file: join(folder, 'inputs.yaml'),
      folder,
    })
    assert.match(loaded.get('a').findViolation({ s: 'b' }), /\/s must match pattern/)
  })
})

describe('functions that are built together', () => {
  const { folder, remove } = temporaryFolder()
  const settings = { bundle: true, splitting: true, format: 'esm', plugins: [inlineLua] }
  const builder = new Builder({ projectDir: folder, settings })
  const build = () => builder.bundleTogether([CLOCK, REDRIVER])
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }

  beforeEach(async () => {
    for (const [file, text] of Object.entries(SOURCES)) await write(file, text)
  })
  after(() => remove())

  it('given code that they have in common, then it is written once', async () => {
    const { files } = await build()
    const withText = (text: string) =>
      [...files].filter(([, content]) => Buffer.from(content).includes(text)).map(([file]) => file)
    assert.deepEqual(withText('clock '), ['functions/clock/handler.js'])
    assert.deepEqual(withText('redriver '), ['functions/redriver/handler.js'])
    for (const text of ['in both', 'text of a script']) {
      const [file, ...others] = withText(text)
      assert.match(file ?? '', /^shared\/.*\.js$/)
      assert.deepEqual(others, [])
    }
  })

  it('then each has the sources that it imports, at once or later, and the texts in them', async () => {
    const { functions } = await build()
    assert.deepEqual([...(functions.get(CLOCK)?.sources ?? [])].sort(), [CLOCK, SHARED].sort())
    assert.deepEqual(
      [...(functions.get(REDRIVER)?.sources ?? [])].sort(),
      [REDRIVER, SHARED, SCRIPTS, LUA].sort(),
    )
  })

  for (const [file, changed] of [
    [CLOCK, [CLOCK]],
    [SHARED, [CLOCK, REDRIVER]],
    [LUA, [REDRIVER]],
  ] as const)
    it(`given a change of ${file}, then only these have another fingerprint: ${changed.join(', ')}`, async () => {
      const before = (await build()).functions
      await write(file, `${SOURCES[file]}\n`)
      const now = (await build()).functions
      const differing = [CLOCK, REDRIVER].filter(
        entry => before.get(entry)?.fingerprint !== now.get(entry)?.fingerprint,
      )
      assert.deepEqual(differing, changed)
    })

  it('given a function that is built by itself, then it has the same fingerprint', async () => {
    const { functions } = await build()
    for (const entry of [CLOCK, REDRIVER]) {
      assert.equal((await builder.bundle(entry)).fingerprint, functions.get(entry)?.fingerprint)
      const alone = (await builder.bundleTogether([entry])).functions
      assert.equal(alone.get(entry)?.fingerprint, functions.get(entry)?.fingerprint)
    }
  })

  it('given an error, then it is reported with file, line and column', async () => {
    await write(REDRIVER, 'export const = 1\n')
    await assert.rejects(build(), (error: BuildError) => {
      assert.ok(error instanceof BuildError)
      assert.match(error.message, /^functions\/redriver\/handler\.ts:1:14: \S/)
      assert.deepEqual(error.files, [REDRIVER])
      return true
    })
  })
})
