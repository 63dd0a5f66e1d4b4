import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runProgram } from '@sluice/test-kit/program'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { compileForErrors } from '../support/new-consumer-checks.ts'
import { copyProject } from '../support/project-copy.ts'
import { ran } from '../unit/cli/terminal.ts'

const FILES = [
  'lib/frost-watch/process.ts',
  'test/unit/frost-watch/process.test.ts',
  'functions/frost-watch/handler.ts',
]

describe('sluice new consumer', () => {
  let folder: string
  let serverlessBefore: string

  before(async () => {
    folder = await copyProject('new-consumer')
    serverlessBefore = readFileSync(join(folder, 'serverless.yml'), 'utf8')
  })

  after(() => rmSync(folder, { recursive: true }))

  const create = (name: string) =>
    runProgram(join(folder, 'cli/sluice.ts'), ['new', 'consumer', name], { cwd: folder })

  it('given a name, then it writes process, test, handler and entry, and says so, and what to do next', async () => {
    const { code, output, stdout } = await create('frost-watch')
    assert.equal(code, 0, output)
    for (const file of FILES) {
      assert.ok(existsSync(join(folder, file)), file)
      assert.match(stdout, new RegExp(`^ {2}${file} `, 'm'))
    }
    assert.match(stdout, /^ {2}serverless\.yml .*entry/m)
    assert.match(stdout, /^ {2}npm test -- --only unit frost-watch /m)
    assert.match(stdout, /^ {2}npm run configuration /m)
    assert.match(stdout, /^ {2}npm start /m)
  })

  it('then the entry comes last, what stood in serverless.yml still does, and tools know the consumer', () => {
    const yaml = readFileSync(join(folder, 'serverless.yml'), 'utf8')
    assert.ok(yaml.startsWith(serverlessBefore.trimEnd()))
    const added = readFunctions(join(folder, 'serverless.yml')).at(-1)
    assert.deepEqual(
      [added?.name, added?.consumes, added?.writes, added?.uses],
      ['frost-watch', ['readings'], ['failures'], ['redis']],
    )
  })

  it('then its test passes, its types fit, and the formatter changes nothing', async () => {
    const test = await runProgram(join(folder, FILES[1] ?? ''), [], { cwd: folder })
    assert.equal(test.code, 0, test.output)
    assert.match(test.output, /pass 1\b/)
    assert.equal(await compileForErrors(folder, FILES), '')
    const lint = await runProgram('biome', ['check', ...FILES], { cwd: folder })
    assert.equal(lint.code, 0, lint.output)
  })

  it('given the name of a function, or of a folder that exists, then it refuses and writes nothing', async () => {
    const yaml = readFileSync(join(folder, 'serverless.yml'), 'utf8')
    const again = await create('frost-watch')
    assert.equal(again.code, 1)
    assert.match(
      again.output,
      /^serverless\.yml already has a function frost-watch\. Choose another name\.$/m,
    )
    mkdirSync(join(folder, 'functions/half'))
    writeFileSync(join(folder, 'functions/half/notes'), '')
    for (const [name, present] of [
      ['runtime', 'test/unit/runtime'],
      ['half', 'functions/half'],
      ['cli', 'test/unit/cli'],
    ]) {
      const { code, output } = await create(name ?? '')
      assert.equal(code, 1)
      assert.match(output, new RegExp(`^${present} already exists, so nothing was written\\.`, 'm'))
    }
    assert.equal(readFileSync(join(folder, 'serverless.yml'), 'utf8'), yaml)
    assert.ok(!existsSync(join(folder, 'lib/half')))
  })

  for (const name of ['Frost', 'frost_watch', 'frost-', '9frost', '../x', 'x'.repeat(31), ''])
    it(`given the name "${name}", then it is refused, and the rule is shown`, async () => {
      const { status, stderr } = await ran(['new', 'consumer', '--', name])
      assert.equal(status, 2)
      assert.match(stderr, /lower-case words and digits with "-" between/)
    })
})
