import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { frameworkRuntimes } from '../../../invoke/runtimes/start-runtime.ts'
import { serverlessOf } from '../framework.ts'
import { ENVIRONMENT, runtimeOf } from './support.ts'

type Files = Readonly<Record<string, string>>

const OURS = 'def handler(event, context):\n    return "project"\n'
const THEIRS = 'def handler(event, context):\n    return "package"\n'

const INVOCATION = { event: { json: () => '{}' }, requestId: 'r', timeoutMs: 5_000 }

async function folderWith(t: TestContext, files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'python-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

describe('a Python module that has the name of another one', () => {
  const cases: [of: string, handler: string, project: Files, packages: Files][] = [
    [
      'a package',
      'src/orders.handler',
      { 'src/orders.py': OURS },
      { 'src/__init__.py': '', 'src/orders.py': THEIRS },
    ],
    [
      'a package within a folder',
      'src/app/orders.handler',
      { 'src/app/orders.py': OURS },
      { 'src/app/__init__.py': '', 'src/app/orders.py': THEIRS },
    ],
    [
      'a module that is loaded before',
      'orders.handler',
      { 'orders.py': OURS },
      { 'sitecustomize.py': 'import orders', 'orders.py': THEIRS },
    ],
    ['a module of Python', 'json.handler', { 'json.py': OURS }, {}],
  ]
  for (const [of, handler, project, packages] of cases) {
    it(`given that of ${of}, then the file of the project is the handler`, async t => {
      const folder = await folderWith(t, project)
      const environment = { ...ENVIRONMENT, PYTHONPATH: await folderWith(t, packages) }
      assert.equal(await runtimeOf(handler, { folder, environment }).invoke(INVOCATION), 'project')
    })
  }

  it('given a folder that shares its name with a package, then modules of both are found', async t => {
    const packages = { 'shared/__init__.py': '', 'shared/records.py': 'NAME = "package"\n' }
    const project = {
      'shared/orders.py':
        'from shared import names\nfrom shared.records import NAME\n\n' +
        'def handler(event, context):\n    return [names.NAME, NAME]\n',
      'shared/names.py': 'NAME = "project"\n',
    }
    const folder = await folderWith(t, project)
    const environment = { ...ENVIRONMENT, PYTHONPATH: await folderWith(t, packages) }
    const runtime = runtimeOf('shared/orders.handler', { folder, environment })
    assert.deepEqual(await runtime.invoke(INVOCATION), ['project', 'package'])
  })

  it('given a handler that only a package has, then it is found there', async t => {
    const environment = { ...ENVIRONMENT, PYTHONPATH: await folderWith(t, { 'wrapper/orders.py': THEIRS }) }
    const runtime = runtimeOf('wrapper.orders.handler', { folder: await folderWith(t, {}), environment })
    assert.equal(await runtime.invoke(INVOCATION), 'package')
  })
})

describe('a Python handler beside a bundler', () => {
  const answerOf = async (t: TestContext, files: Files) => {
    const servicePath = await folderWith(t, files)
    const definition = { handler: 'src/orders.handler', runtime: 'python3' }
    const serverless = { ...serverlessOf({ orders: definition }, {}), config: { servicePath } }
    const runtime = frameworkRuntimes(serverless, { location: '.build' }).start('orders', () => {})
    t.after(() => runtime.close())
    return runtime.invoke(INVOCATION)
  }

  it('given that it is not built, then it is the file of the service', async t => {
    assert.equal(await answerOf(t, { 'src/orders.py': OURS, '.build/src/others.js': '' }), 'project')
  })

  it('given a package that is not built, then it is that of the service', async t => {
    assert.equal(await answerOf(t, { 'src/orders/__init__.py': OURS, '.build/src/orders.js': '' }), 'project')
  })

  it('given that it is built, then it is the built file', async t => {
    const built = 'def handler(event, context):\n    return "built"\n'
    assert.equal(await answerOf(t, { 'src/orders.py': OURS, '.build/src/orders.py': built }), 'built')
  })
})
