import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { until } from '@sluice/test-kit/until'
import { build } from 'esbuild'
import { RecordsEvent } from '../../invoke/event-content.ts'
import { Instance } from '../../invoke/instance.ts'
import { RecordPacker } from '../../invoke/packed-records.ts'
import { startOptions } from '../../invoke/runtimes/node/node-releases.ts'
import { NodeRuntime } from '../../invoke/runtimes/node/node-runtime.ts'
import { HandlerError, NotBegun, type Runtime } from '../../invoke/runtimes/runtime.ts'
import { CALLBACK_KINDS, HANDLER_KINDS, kindsModule } from './handler-kinds.ts'
import {
  createFacts,
  createInvocation,
  invokeForError,
  invokeForResult,
  nodeRuntime,
  thrownBy,
  writeFolder,
} from './node-runtime-support.ts'
import { createMapping, messages } from './support.ts'

const THROWS = `let count = 0
export const handler = async ({ throws }) => {
  count += 1
  if (throws) await new Promise(() => setTimeout(() => { throw new Error('boom') }))
  return count
}`

const SHOWS_CONTEXT = `export const handler = async (event, context) => {
  const { getRemainingTimeInMillis: remaining, ...others } = context
  return { ...others, remaining: remaining() }
}`

for (const [runtime, kinds] of Object.entries({
  'nodejs24.x': HANDLER_KINDS,
  'nodejs22.x': CALLBACK_KINDS,
  'nodejs18.x': CALLBACK_KINDS,
})) {
  describe(`a handler has the outcome that it has in Lambda with ${runtime}`, () => {
    const ends: (() => Promise<void>)[] = []
    let folder: string
    let node: Runtime

    before(async () => {
      folder = await writeFolder({ after: end => ends.push(end) }, { 'handler.mjs': kindsModule(kinds) })
      node = new NodeRuntime(createFacts({ folder, runtime }))
    })
    after(async () => {
      await node.close()
      for (const end of ends) await end()
    })

    for (const [kind, [, expected]] of Object.entries(kinds)) {
      it(kind, async () => {
        assert.deepEqual(await invokeForResult(node, { kind }), expected)
        // The end of a process is final; after every other error the same runtime continues.
        if (kind === 'ends its process') node = new NodeRuntime(createFacts({ folder, runtime }))
      })
    }
  })
}

describe('a handler with a callback', () => {
  const declares = 'export const handler = async (event, context, callback) => "x"'

  it('is refused by nodejs24.x while it loads, and runs there once it is mended', async t => {
    const folder = await writeFolder(t, { 'handler.mjs': declares })
    const node = new NodeRuntime(createFacts({ folder }))
    t.after(() => node.close())
    const error = await thrownBy(node)
    assert.ok(error instanceof HandlerError && error.isRefusal)
    assert.match(
      `${error.stack}`,
      /^Runtime\.CallbackHandlerDeprecated: .*\n\(the handler declares 3 parameters.* nodejs22\.x\)$/,
    )
    await writeFile(join(folder, 'handler.mjs'), declares.replace(', callback', ''))
    assert.deepEqual(await invokeForResult(node), { ok: 'x' })
  })

  it('fails if it is async and never settles, and leaves the thread to the next invocation', async t => {
    const code = 'export const handler = async ({ n }, context, callback) => n ?? new Promise(() => {})'
    const node = await nodeRuntime(t, code, { runtime: 'nodejs22.x' })
    assert.match(await invokeForError(node), /^Runtime\.ExitError: /)
    assert.deepEqual(await invokeForResult(node, { n: 1 }), { ok: 1 })
  })

  it('waits for an interval until its timeout', async t => {
    const code = `export const handler = (event, context, callback) => {
      setInterval(() => {}, 10)
      callback(null, 'x')
    }`
    const instance = new Instance(await nodeRuntime(t, code, { runtime: 'nodejs22.x' }), () => {})
    const { answer } = instance.invoke({ ...createInvocation({}), timeoutMs: 300 })
    await assert.rejects(answer, /^RuntimeEnded: timeout: the handler took longer than 300 ms$/)
  })

  it('goes on in the next invocation with the work that it did not wait for', async t => {
    const code = `const done = []
      export const handler = ({ last }, context, callback) => {
        context.callbackWaitsForEmptyEventLoop = Boolean(last)
        if (!last) setTimeout(() => done.push('rest of the first'), 100)
        callback(null, done)
      }`
    const node = await nodeRuntime(t, code, { runtime: 'nodejs22.x' })
    assert.deepEqual(await invokeForResult(node), { ok: [] })
    assert.deepEqual(await invokeForResult(node, { last: true }), { ok: ['rest of the first'] })
  })

  it('may be TypeScript, whose loader does not keep the event loop busy', async t => {
    const code =
      'export const handler = (event: object, context: object, callback: Function) => { callback(null, "x") }'
    for (const type of ['commonjs', 'module']) {
      const files = { 'handler.ts': code, 'package.json': JSON.stringify({ type }) }
      const node = await nodeRuntime(t, files, { runtime: 'nodejs22.x' })
      assert.deepEqual(await invokeForResult(node), { ok: 'x' })
    }
  })
})

describe('what a release of Node.js lacks', () => {
  const names = ['crypto', 'WebSocket', 'URLPattern']
  const code = `export const handler = async () => [${names.map(name => `typeof globalThis.${name} !== 'undefined'`)}]`
  const isThere = Object.entries({
    'nodejs18.x': [false, false, false],
    'nodejs20.x': [true, false, false],
    'nodejs22.x': [true, true, false],
    'nodejs24.x': [true, true, true],
  })
  for (const [runtime, expected] of isThere)
    it(`is missing from the globals with ${runtime}`, async t => {
      assert.deepEqual(await invokeForResult(await nodeRuntime(t, code, { runtime })), { ok: expected })
    })

  const files = {
    'package.json': '{}',
    'handler.js': 'exports.handler = async () => require("./es.mjs").default',
    'es.mjs': 'export default process.env.NODE_OPTIONS ?? "none"',
    'syntax.js': 'export const handler = async () => "x"',
  }
  const variable = { NODE_OPTIONS: '--experimental-require-module' }
  for (const [runtime] of isThere) {
    it(`is not required with ${runtime} unless NODE_OPTIONS of the function says so`, async t => {
      const allowed = await nodeRuntime(t, files, { runtime, environment: variable })
      assert.deepEqual(await invokeForResult(allowed), { ok: variable.NODE_OPTIONS })
      const node = await nodeRuntime(t, files, { runtime })
      assert.match(await invokeForError(node), /^Error: require\(\) of ES Module/)
    })

    it(`is detected with ${runtime} if Node.js itself loads TypeScript`, () => {
      assert.deepEqual(startOptions(runtime, false), ['--no-experimental-require-module'])
    })

    it(`is not detected with ${runtime}: a handler in .js without a type is CommonJS`, async t => {
      const node = await nodeRuntime(t, files, { runtime, handler: 'syntax.handler' })
      assert.match(
        await invokeForError(node),
        /^Runtime\.UserCodeSyntaxError: |^Error: require\(\) of ES Module/,
      )
    })
  }
})

describe('the thread of a handler', () => {
  it('keeps what the module remembers, and has only the variables of the function', async t => {
    const code = `let count = 0
      export const handler = async () => [++count, Object.keys(process.env)]`
    const node = await nodeRuntime(t, code, { environment: { ONLY: 'this' } })
    assert.deepEqual(await invokeForResult(node), { ok: [1, ['ONLY']] })
    assert.deepEqual(await invokeForResult(node), { ok: [2, ['ONLY']] })
  })

  it('reads and writes the compile cache of its process, without a variable for it', async t => {
    enableCompileCache(await writeFolder(t, {}))
    const code = `import { getCompileCacheDir } from 'node:module'
export const handler = () => [getCompileCacheDir(), process.env.NODE_COMPILE_CACHE ?? 'unset']`
    const node = await nodeRuntime(t, code)
    assert.deepEqual(await invokeForResult(node), { ok: [getCompileCacheDir(), 'unset'] })
    // A thread that is killed has written what it compiled.
    assert.notEqual(readdirSync(getCompileCacheDir() ?? '').length, 0)
  })

  it('is replaced after an error with which Lambda would start it again', async t => {
    const node = await nodeRuntime(t, THROWS)
    const results = []
    for (const throws of [false, false, true, false]) results.push(await invokeForResult(node, { throws }))
    assert.deepEqual(results, [{ ok: 1 }, { ok: 2 }, { error: 'Error: boom' }, { ok: 1 }])
  })

  it('has ended when its fatal error is reported, so that no two handlers have the batch', async t => {
    const node = await nodeRuntime(t, THROWS)
    const order: string[] = []
    const { terminate } = Worker.prototype
    t.mock.method(Worker.prototype, 'terminate', async function (this: Worker) {
      const code = await terminate.call(this)
      order.push('ended')
      return code
    })
    await invokeForError(node, { throws: true })
    order.push('told')
    assert.deepEqual(order, ['ended', 'told'])
  })

  it('ends alone when the handler needs more memory than the function has', async t => {
    const code =
      'const kept = []; export const handler = async () => { for (;;) kept.push({ at: kept.length }) }'
    const node = await nodeRuntime(t, code, { memoryMb: 64 })
    node.invoke(createInvocation({})).catch(() => {})
    assert.match(String((await node.termination).cause), /memory limit/)
  })

  it('ends when it is closed, also while it computes', async t => {
    const node = await nodeRuntime(t, 'export const handler = () => { for (;;); }')
    node.invoke(createInvocation({})).catch(() => {})
    await node.close()
    assert.match((await node.termination).message, /closed/)
  })

  it('reports an exception after the response as its end, with its stack', async t => {
    const code = `export const handler = async () => { setTimeout(() => { throw new Error('late') }, 20) }`
    const node = await nodeRuntime(t, code)
    assert.equal(await node.invoke(createInvocation({})), null)
    const { message, cause } = await node.termination
    assert.equal(message, 'the handler threw an uncaught exception')
    assert.match(`${(cause as Error).stack}`, /^Error: late\n\s+at .*handler\.mjs/)
  })

  it('fails each invocation until a module that does not load is repaired', async t => {
    const folder = await writeFolder(t, { 'handler.js': 'exports.handler = async () => {' })
    const node = new NodeRuntime(createFacts({ folder }))
    t.after(() => node.close())
    const error = await thrownBy(node)
    assert.match(error.message, /^Runtime\.UserCodeSyntaxError: SyntaxError: /)
    assert.match(`${error.stack}`, /handler\.js:1/)
    await writeFile(join(folder, 'handler.js'), 'exports.handler = async () => "x"')
    assert.deepEqual(await invokeForResult(node), { ok: 'x' })
  })

  it('runs TypeScript that only the loader of serverless-offline understands', async t => {
    const files = {
      'a.ts': `import { Kind } from './kinds'\nexport const handler = async () => Kind.B`,
      'kinds.ts': 'export enum Kind { A, B }',
    }
    const handler = 'a.handler'
    assert.deepEqual(await invokeForResult(await nodeRuntime(t, files, { handler })), { ok: 1 })
    const asModule = { ...files, 'package.json': '{"type":"module"}' }
    assert.deepEqual(await invokeForResult(await nodeRuntime(t, asModule, { handler })), { ok: 1 })
  })
})

describe('a thread that gets invocations while one runs', () => {
  /** Waits for a file of the event; then answers, throws, or ends as the event says. */
  const code = `import { existsSync, appendFileSync } from 'node:fs'
    export const handler = async ({ name, folder, how }, { getRemainingTimeInMillis }) => {
      appendFileSync(folder + '/begun', name + ' ')
      while (!existsSync(folder + '/' + name)) await new Promise(done => setTimeout(done, 5))
      if (how === 'exits') process.exit(3)
      if (how === 'throws later') setTimeout(() => { throw new Error('later') })
      // After this one has answered, and before the next one begins.
      if (how === 'throws between') setImmediate(() => setImmediate(() => { throw new Error('between') }))
      if (how === 'never ends') await new Promise(() => {})
      return [name, Math.round(getRemainingTimeInMillis() / 60_000)]
    }`

  async function given(t: TestContext) {
    const folder = await writeFolder(t, {})
    const node = await nodeRuntime(t, code)
    await node.load()
    const hand = (name: string, how = '') => node.handOver(createInvocation({ name, folder, how }))
    const begun = () => (existsSync(join(folder, 'begun')) ? readFileSync(join(folder, 'begun'), 'utf8') : '')
    const goOn = (name: string) => writeFile(join(folder, name), '')
    return { node, hand, begun, goOn }
  }

  it('runs one after another, each with all of its time, and none that was taken back', async t => {
    const { node, hand, begun, goOn } = await given(t)
    const [first, second, third, fourth] = [hand('a'), hand('b'), hand('c'), hand('d')]
    await until('the first to begin', () => first.hasBegun() && begun() === 'a ')
    assert.equal(node.room, 1)
    assert.equal(first.takeBack(), false)
    assert.equal(second.hasBegun(), false)
    assert.equal(third.takeBack(), true)
    await assert.rejects(third.answer, NotBegun)
    for (const name of ['a', 'b', 'd']) await goOn(name)
    const answers = await Promise.all([first, second, fourth].map(({ answer }) => answer))
    assert.deepEqual(answers, [
      ['a', 1],
      ['b', 1],
      ['d', 1],
    ])
    assert.equal(begun(), 'a b d ')
    assert.equal(second.takeBack(), false, 'it is over')
    assert.equal(node.room, 5)
  })

  it('gives each the records of its own event', async t => {
    const node = await nodeRuntime(t, 'export const handler = async event => JSON.stringify(event)')
    await node.load()
    const events = [10, 200_000, 5, 300_000].map((bytes, n) => {
      const packer = new RecordPacker(1_000)
      const records = messages(n, n + 1, { value: Buffer.alloc(bytes, `${n}`) }).map(message =>
        packer.pack(message),
      )
      return new RecordsEvent(createMapping(), ['b:1'], [[n, records]])
    })
    for (let round = 0; round < 3; round += 1) {
      const answers = events.map(event => node.handOver({ event, requestId: 'id', timeoutMs: 60_000 }).answer)
      assert.deepEqual(
        await Promise.all(answers),
        events.map(event => event.json()),
      )
    }
  })
})

describe('the stack of an error', () => {
  it('names the place in the source that was compiled, and no place in the plugin', async t => {
    const source = `type Event = { a: number }
export const handler = async (event: Event) => {
  throw new Error('boom')
}`
    const folder = await writeFolder(t, { 'src/orders.ts': source })
    const common = { format: 'cjs', sourcemap: true, minify: true } as const
    const [from, outfile] = [join(folder, 'src/orders.ts'), join(folder, 'dist/orders.js')]
    await build({ entryPoints: [from], outfile, ...common })
    const node = new NodeRuntime(createFacts({ folder: join(folder, 'dist'), handler: 'orders.handler' }))
    t.after(() => node.close())
    const error = await thrownBy(node)
    assert.ok(error instanceof HandlerError)
    const [message, ...frames] = error.reported.trace
    assert.equal(message, 'Error: boom')
    assert.match(frames.join('\n'), /^ +at .*src\/orders\.ts:3:9\)?$/)
  })
})

describe('the context of an invocation', () => {
  const environment = {
    AWS_LAMBDA_FUNCTION_NAME: 'shop-dev-f',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_LOG_GROUP_NAME: 'group',
    AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
  }
  const invokeForContext = async (t: TestContext, timeoutMs: number) => {
    const node = await nodeRuntime(t, SHOWS_CONTEXT, { environment })
    return (await node.invoke({ event: { json: () => '{}' }, requestId: 'id', timeoutMs })) as Record<
      string,
      unknown
    >
  }

  it('has the values that Lambda provides', async t => {
    const { remaining, ...others } = await invokeForContext(t, 60_000)
    assert.ok(Number(remaining) > 1_000 && Number(remaining) <= 60_000)
    assert.deepEqual(others, {
      awsRequestId: 'id',
      functionName: 'shop-dev-f',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-f',
      logGroupName: 'group',
      logStreamName: 'stream',
      memoryLimitInMB: '512',
    })
  })

  it('counts the time from when the invocation was handed over, also while the handler is loading', async t => {
    const code = `await new Promise(done => setTimeout(done, 500))
      export const handler = async (event, { getRemainingTimeInMillis }) => getRemainingTimeInMillis()`
    const node = await nodeRuntime(t, code)
    const remaining = Number(await node.invoke(createInvocation({})))
    assert.ok(remaining > 30_000 && remaining <= 59_500, `${remaining}`)
  })
})
