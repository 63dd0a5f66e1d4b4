/** A handler of each kind, and what Lambda makes of it from nodejs24.x on. */

/** `{ ok }` with the response, or `{ error }` with type and message. */
export type Result = { readonly ok: unknown } | { readonly error: string }

const ok = (value: unknown): Result => ({ ok: value })
const error = (text: string): Result => ({ error: text })

const HANDLED =
  'handled: callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack'
const NO_JSON = error('Runtime.JSONStringifyError: Unable to stringify response body')

/** The source of each handler, and its result. */
export const HANDLER_KINDS: Readonly<Record<string, readonly [code: string, result: Result]>> = {
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

/** A module with a handler that is the kind which its event names. */
export const HANDLER_MODULE = `
import { setTimeout as delay } from 'node:timers/promises'
const names = ${JSON.stringify(Object.keys(HANDLER_KINDS))}
const kinds = [
  ${Object.values(HANDLER_KINDS)
    .map(([code]) => code)
    .join(',\n  ')}
]
export const handler = event => kinds[names.indexOf(event.kind)](event)
`
