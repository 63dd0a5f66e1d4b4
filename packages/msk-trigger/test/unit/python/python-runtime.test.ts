import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { HandlerError } from '../../../invoke/runtimes/runtime.ts'
import { FOLDER, invoke, runtimeOf } from './support.ts'

describe('the answer of a Python handler', () => {
  const answers: [handler: string, answer: unknown][] = [
    ['app.nothing', null],
    ['app.failures', { batchItemFailures: [{ itemIdentifier: { partition: 't-0', offset: 100 } }] }],
    ['app.values', [[1, 2.5], true, null, 'ä😀', 'text', 100, { '1': 'a', null: 'b', c: 'd' }]],
    ['app.as_bytes', { batchItemFailures: [] }],
    ['app.not_json', '😀 no JSON'],
    // The client of AWS sends it although it is not JSON.
    ['app.nan', '{"ratio": NaN}'],
  ]
  for (const [handler, answer] of answers) {
    it(`given ${handler}, then it is what Lambda would send on`, async () => {
      assert.deepEqual(await invoke(handler), answer)
    })
  }

  it('given a handler in a folder, as a path or as a module, then it is found, and finds others', async () => {
    assert.equal(await invoke('src/orders.handler', 1), 1)
    assert.equal(await invoke('src.orders.handler', 2), 2)
  })

  it('given an event of 6 MB with any character, then it arrives and returns unchanged', async () => {
    const event = { text: 'aä😀\u2028"\\'.repeat(500_000), lone: '\ud800' }
    assert.deepEqual(await invoke('app.echo', event), event)
  })

  it('given several invocations, then the handler is loaded once', async () => {
    const runtime = runtimeOf('app.counts')
    const invocation = { event: { json: () => '{}' }, requestId: 'r', timeoutMs: Number.POSITIVE_INFINITY }
    const answers = [await runtime.invoke(invocation), await runtime.invoke(invocation)]
    assert.deepEqual(answers, [1, 2])
  })

  it('given the context, then it has what Lambda gives', async () => {
    const { remaining, ...described } = (await invoke('app.described')) as Record<string, unknown>
    assert.deepEqual(described, {
      request: 'id-1',
      name: 'shop-dev-orders',
      version: '$LATEST',
      arn: 'arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-orders',
      memory: '512',
      group: '/aws/lambda/shop-dev-orders',
      stream: 'stream',
      identity: null,
      client: null,
    })
    assert.ok(Number.isInteger(remaining) && (remaining as number) > 0 && (remaining as number) <= 5_000)
  })

  it('given no timeout, then the time that remains is the longest of Lambda', async () => {
    const runtime = runtimeOf('app.described')
    const answer = await runtime.invoke({
      event: { json: () => '{}' },
      requestId: 'r',
      timeoutMs: Number.POSITIVE_INFINITY,
    })
    assert.equal((answer as { remaining: number }).remaining, 900_000)
  })

  it('given its surroundings, then it runs in the folder of the code with the variables of the function', async () => {
    const expected = { folder: FOLDER, path: FOLDER, arguments: [], color: 'blue' }
    assert.deepEqual(await invoke('app.surroundings'), expected)
  })
})

describe('the error of a Python handler', () => {
  const errors: [handler: string, type: string, message: RegExp][] = [
    ['app.raises', 'ValueError', /^boom ä$/],
    ['app.raises_half_a_character', 'ValueError', /^boom \ud83d$/],
    ['app.raises_its_own', 'OrderError', /^no amount$/],
    ['app.takes_one', 'TypeError', /takes 1 positional argument but 2 were given/],
    [
      'app.is_async',
      'Runtime.MarshalError',
      /^Unable to marshal response: .*coroutine is not JSON serializable$/,
    ],
    ['app.generates', 'Runtime.MarshalError', /generator is not JSON serializable$/],
    ['app.returns_object', 'Runtime.MarshalError', /datetime is not JSON serializable$/],
    ['app.returns_set', 'Runtime.MarshalError', /set is not JSON serializable$/],
    ['app.returns_circle', 'Runtime.MarshalError', /Circular reference detected$/],
    ['app.missing', 'Runtime.HandlerNotFound', /^Handler 'missing' missing on module 'app'$/],
    ['missing.handler', 'Runtime.ImportModuleError', /^Unable to import module 'missing': No module named/],
    ['broken/imports.handler', 'Runtime.ImportModuleError', /No module named 'no_such_package'$/],
    ['broken/syntax.handler', 'Runtime.UserCodeSyntaxError', /^Syntax error in module 'broken\/syntax'/],
    ['broken/raises.handler', 'KeyError', /^'DATABASE_URL'$/],
    ['handler', 'Runtime.MalformedHandlerName', /^Bad handler 'handler'/],
    ['sys.handler', 'Runtime.BuiltInModuleConflict', /^Cannot use built-in module sys/],
  ]
  for (const [handler, type, message] of errors) {
    it(`given ${handler}, then it is ${type}`, async () => {
      await assert.rejects(invoke(handler), (error: unknown) => {
        assert.ok(error instanceof HandlerError, String(error))
        assert.equal(error.reported.errorType, type)
        assert.match(error.reported.errorMessage, message)
        return true
      })
    })
  }

  it('given an exception, then the trace names file and line, and nothing of the runner', async () => {
    await assert.rejects(invoke('app.raises_its_own'), (error: unknown) => {
      const { trace } = (error as HandlerError).reported
      assert.equal(trace.length, 1)
      assert.match(
        String(trace[0]),
        /File ".*handlers\/app\.py", line \d+, in raises_its_own\n\s+raise OrderError/,
      )
      return true
    })
  })

  it('given an exception, then the process continues with the next invocation', async () => {
    const runtime = runtimeOf('app.takes_one')
    const invocation = { event: { json: () => '{}' }, requestId: 'r', timeoutMs: 5_000 }
    await assert.rejects(runtime.invoke(invocation), /TypeError/)
    await assert.rejects(runtime.invoke(invocation), /TypeError/)
  })

  it('given code that could not be loaded and is mended, then the next invocation loads it again', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'python-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const runtime = runtimeOf('later.handler', { folder })
    const invocation = { event: { json: () => '4' }, requestId: 'r', timeoutMs: 5_000 }
    await assert.rejects(runtime.invoke(invocation), /ImportModuleError/)
    await writeFile(join(folder, 'later.py'), 'def handler(event, context):\n    return event\n')
    assert.equal(await runtime.invoke(invocation), 4)
  })
})
