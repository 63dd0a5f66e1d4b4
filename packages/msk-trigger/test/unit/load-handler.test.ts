import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { loadHandler } from '../../invoke/runtimes/node/load-handler.ts'
import { reportedError } from '../../invoke/runtimes/node/reported-error.ts'
import { writeFolder } from './node-runtime-support.ts'

const CJS = 'exports.handler = () => "cjs"'
const ESM = 'export const handler = () => "esm"'
const MODULE = { 'package.json': '{"type":"module"}' }

type Files = Record<string, string>

/** Returns the result of the handler in these files, or the error with which it does not load. */
const loaded = async (t: TestContext, files: Files, handler = 'a.handler') => {
  const result = await loadOrFail(t, files, handler)
  if (typeof result === 'string') return result
  return `${result.errorType}: ${result.errorMessage.split('\n')[0]}`
}

const loadOrFail = async (t: TestContext, files: Files, handler: string, runtime = 'nodejs24.x') => {
  const place = { handler, runtime, folder: await writeFolder(t, files), layers: [], loaderFrom: undefined }
  try {
    return String((await loadHandler(place))())
  } catch (error) {
    return reportedError(error)
  }
}

describe('a module of a handler', () => {
  it('is CommonJS or an ES module, as its name or the nearest package.json says', async t => {
    assert.equal(await loaded(t, { 'a.js': CJS }), 'cjs')
    assert.equal(await loaded(t, { 'a.cjs': CJS, ...MODULE }), 'cjs')
    assert.equal(await loaded(t, { 'a.mjs': ESM }), 'esm')
    assert.equal(await loaded(t, { 'a.js': ESM, ...MODULE }), 'esm')
    const nested = { 'lib/a.js': CJS, 'lib/package.json': '{}', ...MODULE }
    assert.equal(await loaded(t, nested, 'lib/a.handler'), 'cjs')
  })

  it('is chosen by its extension: none, .js, .mjs, .cjs, and .ts last', async t => {
    const all = { 'a.ts': ESM, 'a.cjs': 'exports.handler = () => ".cjs"', 'a.mjs': ESM, 'a.js': CJS }
    const { 'a.js': _, ...withoutJs } = all
    assert.equal(await loaded(t, all), 'cjs')
    assert.equal(await loaded(t, withoutJs), 'esm')
    assert.equal(await loaded(t, { ...all, a: 'exports.handler = () => "bare"' }), 'bare')
  })

  it('may be TypeScript', async t => {
    const code = 'export const handler = (text: string = "typed") => text'
    assert.equal(await loaded(t, { 'a.ts': code, ...MODULE }), 'typed')
  })

  it('that does not load has the error that Lambda names', async t => {
    const of = (files: Files, handler?: string) => loaded(t, files, handler)
    assert.equal(await of({}), "Runtime.ImportModuleError: Error: Cannot find module 'a'")
    assert.match(`${await of({ 'a.js': 'require("no-such")' })}`, /^Runtime\.ImportModuleError: .*'no-such'/)
    assert.match(`${await of({ 'a.js': 'const const' })}`, /^Runtime\.UserCodeSyntaxError: SyntaxError: /)
    assert.match(`${await of({ 'a.mjs': 'import "no-such"' })}`, /^Error: Cannot find package 'no-such'/)
    assert.equal(await of({ 'a.js': 'throw new RangeError("at load")' }), 'RangeError: at load')
  })

  for (const [runtime, code, advice] of [
    ['nodejs20.x', 'require("@aws-sdk/client-none")', 'npm install --save-dev @aws-sdk/client-none'],
    ['nodejs22.x', 'import "@aws-sdk/client-none"', 'npm install --save-dev @aws-sdk/client-none'],
    ['nodejs18.x', 'require("aws-sdk")', undefined],
    ['nodejs16.x', 'require("aws-sdk")', 'npm install --save-dev aws-sdk'],
    ['nodejs24.x', 'require("no-such")', undefined],
  ] as const)
    it(`that lacks a package has ${advice ? 'advice' : 'none'} for ${code} with ${runtime}`, async t => {
      const file = code.startsWith('import') ? 'a.mjs' : 'a.js'
      const result = await loadOrFail(t, { [file]: code }, 'a.handler', runtime)
      const trace = typeof result === 'string' ? [] : result.trace
      const last = `(${runtime} contains ${advice?.split(' ').at(-1)}, and this machine does not: ${advice})`
      assert.equal(trace.at(-1) === last, advice !== undefined, trace.join('\n'))
    })

  it('without the handler has the error that Lambda names', async t => {
    const of = (code: string, handler?: string) => loaded(t, { 'a.js': code }, handler)
    assert.equal(await of(''), 'Runtime.HandlerNotFound: a.handler is undefined or not exported')
    assert.equal(await of('exports.handler = 1'), 'Runtime.HandlerNotFound: a.handler is not a function')
    assert.equal(await of(CJS, 'a'), 'Runtime.MalformedHandlerName: Bad handler')
    assert.match(`${await of(CJS, '../a.handler')}`, /^Runtime\.MalformedHandlerName: '\.\.\/a\.handler'/)
  })
})
