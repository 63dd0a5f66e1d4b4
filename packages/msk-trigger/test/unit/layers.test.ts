import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { functionFacts } from '../../invoke/function-facts.ts'
import type { FunctionDefinition, Serverless } from '../../support/serverless.ts'
import { createServerless } from './framework.ts'
import { invokeForResult, nodeRuntime, writeFolder } from './node-runtime-support.ts'

const vendor = 'arn:aws:lambda:eu-west-1:123456789012:layer:vendor:3'
const own = (key: string) => ({ Ref: `${key}LambdaLayer` })

/** Returns the facts of a function `f` of a service whose folder has the layers `common` and `later`. */
async function factsOf(t: TestContext, definition: FunctionDefinition, { options = {}, provider = {} } = {}) {
  const folder = await writeFolder(t, { 'layers/common/a': '', 'layers/later/a': '', 'vendor.zip': '' })
  const serverless = createServerless({ f: definition }, {})
  Object.assign(serverless.config, { servicePath: folder })
  const { service } = serverless
  const layers = {
    common: { path: 'layers/common' },
    later: { path: 'layers/later' },
    zipped: { package: { artifact: 'x.zip' } },
    gone: { path: 'layers/gone' },
  }
  const parts = { layers, provider: { ...service.provider, ...provider } }
  const found = functionFacts(
    { ...serverless, service: { ...service, ...parts } } as Serverless,
    options,
    'f',
    {},
  )
  return { ...found, names: found.layers.map(layer => layer.slice(folder.length + 1)), folder }
}

describe('the layers of a function', () => {
  it('given layers of the service, then they are its folders, the last one first', async t => {
    const { names, missingLayers } = await factsOf(t, { layers: [own('Common'), own('Later')] })
    assert.deepEqual([names, missingLayers], [['layers/later', 'layers/common'], []])
  })

  it('given layers that are not on this machine, then they are named', async t => {
    const missing = [own('Zipped'), own('Gone'), { Ref: 'Elsewhere' }, vendor, { 'Fn::ImportValue': 'l' }]
    const { names, missingLayers } = await factsOf(t, { layers: [own('Common'), ...missing] })
    assert.deepEqual([names, missingLayers], [['layers/common'], missing])
  })

  it('given localLayers, then an ARN is that folder, and an archive is not one', async t => {
    const layers = [{ 'Fn::Sub': vendor.replace('eu-west-1', `\${${'AWS::Region'}}`) }, `${vendor}0`]
    const options = { localLayers: { [vendor]: 'layers/later', [`${vendor}0`]: 'vendor.zip' } }
    const { names, missingLayers } = await factsOf(t, { layers }, { options })
    assert.deepEqual([names, missingLayers], [['layers/later'], [`${vendor}0`]])
  })

  it('given localLayers by logical ids, then a layer of the service without a path is that folder', async t => {
    const options = { localLayers: { ZippedLambdaLayer: 'layers/later' } }
    assert.deepEqual((await factsOf(t, { layers: [own('Zipped')] }, { options })).names, ['layers/later'])
  })

  it('given none, then it has those of the provider', async t => {
    const provider = { layers: [own('Later')] }
    assert.deepEqual((await factsOf(t, {}, { provider })).names, ['layers/later'])
    assert.deepEqual((await factsOf(t, { layers: [] }, { provider })).names, [])
  })

  it('are in the search path of its runtime', async t => {
    const layers = [own('Common')]
    const paths = async (runtime: string, more: FunctionDefinition = {}) => {
      const { environment, folder } = await factsOf(t, { runtime, ...more })
      const { NODE_PATH, RUBYLIB } = environment
      const short = (path = '') => path.replaceAll(join(folder, 'layers/common'), 'L').replace(folder, 'F')
      return [NODE_PATH, RUBYLIB].map(path => path && short(path))
    }
    const node = '/nodejs/node24/node_modules:L/nodejs/node_modules:/var/runtime:F:/var/runtime/node_modules'
    const inLambda = `/opt${node.replace('L', '/opt')}`
    assert.deepEqual(await paths('nodejs24.x'), [inLambda, undefined])
    assert.equal((await paths('nodejs24.x', { layers }))[0], `L${node}`)
    const [, ruby] = await paths('ruby3.4', { layers })
    assert.equal(ruby, 'L/ruby/lib')
    const given = { layers, environment: { NODE_PATH: './:/opt/node_modules:/optional' } }
    assert.equal((await paths('nodejs24.x', given))[0], './:L/node_modules:/optional')
  })
})

describe('a module of a layer', () => {
  const files = {
    'first/nodejs/node_modules/lib/index.js': 'exports.unit = "first"',
    'first/nodejs/node_modules/only/index.js': 'exports.unit = require("lib").unit',
    'first/nodejs/node_modules/esm/package.json': '{"type":"module","exports":"./m.js"}',
    'first/nodejs/node_modules/esm/m.js': 'export const unit = "esm"',
    'first/nodejs/entry.js': 'exports.handler = async () => "entry"',
    'last/nodejs/node_modules/lib/index.js': 'exports.unit = "last"',
    'node_modules/mine/index.js': 'exports.unit = "service"',
    'last/nodejs/node_modules/mine/index.js': 'exports.unit = "layer"',
  }

  async function run(t: TestContext, code: Record<string, string>, handler = 'a.handler') {
    const folder = await writeFolder(t, { ...files, ...code })
    const layers = ['last', 'first'].map(name => join(folder, name))
    const environment = { NODE_PATH: layers.map(layer => join(layer, 'nodejs/node_modules')).join(':') }
    const runtime = await nodeRuntime(t, {}, { folder, handler, layers, environment })
    return invokeForResult(runtime)
  }

  it('is found by its name and by its path in /opt, by require and by import', async t => {
    const units = `[${['lib', 'only', 'mine'].map(name => `require('${name}').unit`)}, require('/opt/nodejs/node_modules/lib').unit]`
    // A module of a layer finds those of the same layer first, since layers are not merged into one folder.
    const ok = ['last', 'first', 'service', 'last']
    assert.deepEqual(await run(t, { 'a.cjs': `exports.handler = async () => ${units}` }), { ok })
    const esm = `import { unit } from 'esm'
      import lib from 'lib'
      import { unit as again } from '/opt/nodejs/node_modules/esm/m.js'
      export const handler = () => [unit, lib.unit, again]`
    assert.deepEqual(await run(t, { 'a.mjs': esm }), { ok: ['esm', 'last', 'esm'] })
  })

  it('may be the handler', async t => {
    assert.deepEqual(await run(t, {}, '/opt/nodejs/entry.handler'), { ok: 'entry' })
  })

  it('given a module that no layer has, then the error is that of the handler', async t => {
    const of = async (name: string) => JSON.stringify(await run(t, { 'a.cjs': `require('${name}')` }))
    for (const name of ['no-such', '/opt/nodejs/no-such'])
      assert.match(await of(name), new RegExp(`Runtime.ImportModuleError.*Cannot find module '${name}'`))
  })
})
