/** The packages of the trigger's house stand alone: without the rest of this repository they install, build and pass their tests. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { awsEndpoint } from '@sluice/test-kit/servers'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { NewUser } from '../registry/new-user.ts'
import { TRIGGER_HOUSE as HOUSE } from '../runner/files.ts'
import { listLeftFiles } from '../runner/tests.ts'
import { npmSetting } from '../support/npm.ts'

/** Packages of the project around them: what runs, builds and types them, and a framework for the trigger. */
const AROUND = ['@types/node', 'esbuild', 'node', 'serverless', 'serverless-offline']
const TOOLS = 'test/tools'

const readJson = (file: string) => JSON.parse(readFileSync(join(PROJECT, file), 'utf8'))

describe('the four packages of the trigger in an empty project', () => {
  const { folder, remove } = temporaryFolder()
  let user: NewUser
  let project: string

  before(async () => {
    user = await NewUser.create(folder, (await npmSetting('registry')) ?? '')
    const { allowScripts, dependencies, devDependencies } = readJson('package.json')
    const versions = { ...dependencies, ...devDependencies }
    const around = Object.fromEntries(AROUND.map(name => [name, versions[name]]))
    const manifest = { private: true, workspaces: HOUSE, allowScripts, dependencies: around }
    project = user.makeProject('house', manifest)
    const lock = { lockfileVersion: 3, packages: { ...readJson('package-lock.json').packages, '': manifest } }
    writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock))
    const files = execFileSync('git', ['ls-files', ...HOUSE, TOOLS], { cwd: PROJECT, encoding: 'utf8' })
    for (const file of files.trim().split('\n'))
      cpSync(join(PROJECT, file), join(project, file), { recursive: true, verbatimSymlinks: true })
    symlinkSync(join(PROJECT, TOOLS, 'node_modules'), join(project, TOOLS, 'node_modules'))
  })
  after(remove)

  it('given the versions of this repository, then they are installed, and built', async () => {
    await user.succeed(project, 'install', '--prefer-offline', '--no-audit', '--no-fund')
    await user.succeed(project, 'run', 'build', '--workspaces', '--if-present')
  })

  // A complete run runs these files nowhere else, so what its runner refuses is refused here.
  for (const name of HOUSE)
    it(`${name}: its tests pass with a Kafka that they start, none is skipped, and no file is left`, async () => {
      const TMPDIR = mkdtempSync(join(folder, 'tests-'))
      const NODE_COMPILE_CACHE = join(folder, 'compile-cache')
      const env = { AWS_ENDPOINT_URL: awsEndpoint(), TMPDIR, NODE_COMPILE_CACHE }
      const { code, output } = await user.npm(project, ['test', '--workspace', name], env).ended
      assert.equal(code, 0, output)
      assert.match(output, /^ℹ pass [1-9]/m)
      assert.doesNotMatch(output, /^ℹ (?:skipped|todo) [1-9]/m)
      assert.deepEqual(await listLeftFiles(TMPDIR, name), [])
    })
})
