import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { it } from 'node:test'
import { build } from 'esbuild'
import { inlineLua } from '../../../packaging/index.ts'

const HANDLERS = `
  import { application, json } from './index.ts'
  import { forwarderHandler, kafkaHandler } from './lambda/index.ts'
  const app = application({ topics: ['orders'], read: json() })
  const totals = app.process('totals', { onEvent: (state = {}) => state })
  module.exports = [choices => kafkaHandler(totals, choices), choices => forwarderHandler(app, 'relay', {}, choices)]`

it('given a bundle in CommonJS, then its handlers are refused when it loads, with the way, unless they know their version', async () => {
  const { outputFiles } = await build({
    stdin: { contents: HANDLERS, resolveDir: new URL('../../../', import.meta.url).pathname },
    ...{ bundle: true, format: 'cjs', platform: 'node', write: false, logLevel: 'silent' },
    external: ['@aws-sdk/*', '@opentelemetry/*', 'avsc', 'protobufjs'],
    plugins: [inlineLua],
  })
  const module = { exports: [] as ((choices?: object) => unknown)[] }
  new Function('module', 'require', `${outputFiles[0]?.text}`)(module, createRequire(import.meta.url))
  assert.equal(module.exports.length, 2)
  for (const create of module.exports) {
    assert.throws(() => create(), /(totals|relay) is CommonJS.* Bundle it as ESM: format: 'esm'/)
    create({ codeVersion: () => 'one' })
  }
})
