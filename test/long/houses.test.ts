/** Each house of packages stands alone: without the rest of this repository it installs, builds and passes its tests. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { awsEndpoint } from '@sluice/test-kit/servers'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { NewUser } from '../registry/new-user.ts'
import { listLeftFiles } from '../runner/run-file.ts'
import { HOUSES } from '../support/houses.ts'
import { npmSetting } from '../support/npm.ts'

/** Packages of the project around a house, which run, build and type it. The trigger also needs its framework. */
const AROUND = {
  trigger: ['@types/node', 'node', 'serverless', 'serverless-offline'],
  engine: ['@types/aws-lambda', '@types/node', 'node'],
} as const
/** Packages whose tests run, with the scripts for them. Those of both houses are tested in the first. */
const TESTED = {
  trigger: ['kafka-records test', 'local-servers test', 'msk-trigger test', 'schema-registry test'],
  engine: ['runtime test:unit', 'runtime test:integration'],
} as const
const TOOLS = 'test/tools'

const readJson = (file: string) => JSON.parse(readFileSync(join(PROJECT, file), 'utf8'))

for (const house of ['trigger', 'engine'] as const)
  describe(`the packages of the ${house} in an empty project`, () => {
    const { folder, remove } = temporaryFolder()
    const workspaces = HOUSES[house].map(name => `packages/${name}`)
    let user: NewUser
    let project: string

    before(async () => {
      user = await NewUser.create(folder, (await npmSetting('registry')) ?? '')
      const { allowScripts, dependencies, devDependencies } = readJson('package.json')
      const versions = { ...dependencies, ...devDependencies }
      const around = Object.fromEntries(AROUND[house].map(name => [name, versions[name]]))
      const manifest = { private: true, workspaces, allowScripts, dependencies: around }
      project = user.makeProject('house', manifest)
      const lock = {
        lockfileVersion: 3,
        packages: { ...readJson('package-lock.json').packages, '': manifest },
      }
      writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock))
      const files = execFileSync('git', ['ls-files', ...workspaces, TOOLS], {
        cwd: PROJECT,
        encoding: 'utf8',
      })
      for (const file of files.trim().split('\n'))
        cpSync(join(PROJECT, file), join(project, file), { recursive: true, verbatimSymlinks: true })
      symlinkSync(join(PROJECT, TOOLS, 'node_modules'), join(project, TOOLS, 'node_modules'))
    })
    after(remove)

    it('given the versions of this repository, then they are installed, and built', async () => {
      await user.succeed(project, 'install', '--prefer-offline', '--no-audit', '--no-fund')
      await user.succeed(project, 'run', 'build', '--workspaces', '--if-present')
    })

    // A complete run runs these files nowhere else, so skipped tests and left files are refused here.
    for (const tested of TESTED[house])
      it(`${tested}: its tests pass with servers that they start, none is skipped, and no file is left`, async () => {
        const [name, script] = tested.split(' ') as [string, string]
        const TMPDIR = mkdtempSync(join(folder, 'tests-'))
        const NODE_COMPILE_CACHE = join(folder, 'compile-cache')
        const env = { AWS_ENDPOINT_URL: awsEndpoint(), TMPDIR, NODE_COMPILE_CACHE }
        const args = ['run', script, '--workspace', `packages/${name}`]
        const { code, output } = await user.npm(project, args, env).ended
        // Thousands of tests pass. The others, and what a process that crashed has printed, say why.
        assert.equal(code, 0, output.replace(/^ *[✔▶﹣].*\n/gm, ''))
        assert.match(output, /^ℹ pass [1-9]/m)
        assert.doesNotMatch(output, /^ℹ (?:skipped|todo) [1-9]/m)
        assert.deepEqual(await listLeftFiles(TMPDIR), [])
      })
  })
