/** A handler of each kind, and what Lambda makes of it. */

/** `{ ok }` with the response, or `{ error }` with type and message. */
export type Result = { readonly ok: unknown } | { readonly error: string }

const ok = (value: unknown): Result => ({ ok: value })
const error = (text: string): Result => ({ error: text })

const HANDLED =
  'handled: callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack'
const NO_JSON = error('Runtime.JSONStringifyError: Unable to stringify response body')

type Kinds = Readonly<Record<string, readonly [code: string, result: Result]>>

/** The source of each handler, and its result from nodejs24.x on. */
export const HANDLER_KINDS: Kinds = {
  'async, an object': ['async () => ({ a: [1, "ü"] })', ok({ a: [1, 'ü'] })],
  'async, nothing': ['async () => {}', ok(null)],
  'async, NaN': ['async () => NaN', ok(null)],
  'async, a buffer': ['async () => Buffer.from([7])', ok({ type: 'Buffer', data: [7] })],
  'async, a Response': ['async () => new Response("x")', ok({})],
  'async, an object with functions': ['async () => ({ a: 1, f() {}, s: Symbol() })', ok({ a: 1 })],
  'async, a function': ['async () => () => {}', error('TypeError: Wrong arguments')],
  'async, a symbol': ['async () => Symbol("s")', error('TypeError: Wrong arguments')],
  'async, a BigInt': ['async () => 1n', NO_JSON],
  'async, a circle': ['async () => { const a = {}; a.a = a; return a }', NO_JSON],
  'async, a toJSON that throws': ['async () => ({ toJSON() { throw new Error("no") } })', NO_JSON],
  'async, too large': [
    'async () => "x".repeat(6_291_555)',
    error(
      'Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    ),
  ],
  'async, throws an error': ['async () => { throw new RangeError("boom") }', error('RangeError: boom')],
  'async, throws an error with a name': [
    'async () => { throw Object.assign(new Error("boom"), { name: "Named" }) }',
    error('Named: boom'),
  ],
  'async, throws a text': ['async () => { throw "text" }', error('string: text')],
  'async, throws what has no text': ['async () => { throw Object.create(null) }', error(HANDLED)],
  'async, throws undefined': ['async () => { throw undefined }', error('undefined: undefined')],
  'async, throws null': ['async () => { throw null }', error('object: null')],
  'a promise': ['() => delay(1, "x")', ok('x')],
  'not async, a value': ['() => "x"', ok('x')],
  'not async, nothing': ['() => {}', ok(null)],
  'not async, throws an error': ['() => { throw new Error("boom") }', error('Error: boom')],
  'never settles': [
    '() => new Promise(() => {})',
    error('Runtime.ExitError: Runtime exited without providing a reason'),
  ],
  'async, a timer throws': [
    'async () => { setTimeout(() => { throw new Error("timer") }, 1); await delay(60_000) }',
    error('Error: timer'),
  ],
  'async, a rejection that nothing handles': [
    'async () => { Promise.reject(new Error("lost")); await delay(60_000) }',
    error('Runtime.UnhandledPromiseRejection: Error: lost'),
  ],
  'async, returns beside such a rejection': [
    'async () => { Promise.reject(new Error("lost")); return "x" }',
    error('Runtime.UnhandledPromiseRejection: Error: lost'),
  ],
  'ends its process': [
    'async () => process.exit(3)',
    error('the handler ended its process with exit code 3'),
  ],
}

/** Handlers that add to `done` what they do; the result has what was done before it was sent. */
const LATER = 'const done = []; setTimeout(() => done.push("timer"), 20)'

/** The same for nodejs22.x and earlier, as far as it differs there. */
export const CALLBACK_KINDS: Kinds = {
  'a callback, a value': ['(event, context, callback) => callback(null, { a: 1 })', ok({ a: 1 })],
  'a callback, nothing': ['(event, context, callback) => callback()', ok(null)],
  'a callback by a timer': ['(event, context, callback) => { setTimeout(callback, 5, null, "x") }', ok('x')],
  'a callback that is not declared': ['(...all) => all[2](null, "x")', ok('x')],
  'a callback, an error': [
    '(event, context, callback) => callback(new RangeError("boom"))',
    error('RangeError: boom'),
  ],
  'a callback, a text': ['(event, context, callback) => callback("text")', error('string: text')],
  'a callback, false': ['(event, context, callback) => callback(false)', error('boolean: false')],
  'a callback, a BigInt': ['(event, context, callback) => callback(null, 1n)', NO_JSON],
  'a callback before a timer': [
    `(event, context, callback) => { ${LATER}; callback(null, done) }`,
    ok(['timer']),
  ],
  'a callback before a socket is closed': [
    `(event, context, callback) => {
      const done = []
      const server = createServer().listen(0, "127.0.0.1", () => {
        const socket = connect(server.address().port, "127.0.0.1", () => {
          callback(null, done)
          setTimeout(() => { done.push("socket"); socket.destroy(); server.close() }, 20)
        })
        server.once("connection", other => other.resume())
      })
    }`,
    ok(['socket']),
  ],
  'a callback that does not wait': [
    `(event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false; ${LATER}; callback(null, done) }`,
    ok([]),
  ],
  'a callback, then a timer that throws': [
    '(event, context, callback) => { callback(null, "x"); setTimeout(() => { throw new Error("timer") }, 1) }',
    error('Error: timer'),
  ],
  'a callback, twice': ['(event, context, callback) => { callback(null, 1); callback(null, 2) }', ok(1)],
  'a callback, then an error': [
    '(event, context, callback) => { callback(null, 1); callback(new Error("boom")) }',
    ok(1),
  ],
  'a callback after a promise': [
    '(event, context, callback) => { setTimeout(callback, 20, null, 1); return delay(1, 2) }',
    ok(2),
  ],
  'a callback, then a promise': [
    'async (event, context, callback) => { callback(null, 1); return 2 }',
    ok(1),
  ],
  'context.done, a value': ['(event, { done }) => done(null, 1)', ok(1)],
  'context.done, an error': ['(event, { done }) => done(new Error("boom"))', error('Error: boom')],
  'context.succeed': ['(event, { succeed }) => succeed(1)', ok(1)],
  'context.succeed before a timer': [`(event, { succeed }) => { ${LATER}; succeed(done) }`, ok([])],
  'context.fail, an error': ['(event, { fail }) => fail(new Error("boom"))', error('Error: boom')],
  'context.fail, nothing': ['(event, { fail }) => fail()', error('string: handled')],
  'a promise': ['() => delay(1, "x")', ok('x')],
  'async, a value': ['async () => "x"', ok('x')],
  'async, throws an error': ['async () => { throw new Error("boom") }', error('Error: boom')],
  'async, throws undefined': ['async () => { throw undefined }', error('string: handled')],
  'not async, a promise that never settles': ['() => new Promise(() => {})', ok(null)],
  'not async, a value': ['() => "x"', ok(null)],
  'not async, a timer': ['() => { setTimeout(() => {}, 5) }', ok(null)],
  'not async, throws an error': ['() => { throw new Error("boom") }', error('Error: boom')],
  'not async, throws undefined': ['() => { throw undefined }', ok(null)],
}

/** Returns a module with a handler that is of the kind which its event names. */
export function kindsModule(kinds: Kinds): string {
  return `
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
const kinds = {
  ${Object.entries(kinds)
    .map(([kind, [code]]) => `${JSON.stringify(kind)}: ${code}`)
    .join(',\n  ')}
}
export const handler = (...all) => kinds[all[0].kind](...all)
`
}
