/** A handler of each kind, and what Lambda makes of it: up to nodejs22.x (`callback`), and from nodejs24.x on (`promise`). */

/** `{ ok }` with the response, or `{ error }` with type and message. */
export type Result = { readonly ok: unknown } | { readonly error: string }

export interface HandlerKind {
  /** The source of the handler. */
  readonly code: string
  /** Result with a callback; missing if Lambda does not load such a handler. */
  readonly callback?: Result
  readonly promise?: Result
}

const ok = (value: unknown): Result => ({ ok: value })
const error = (text: string): Result => ({ error: text })
const both = (code: string, result: Result): HandlerKind => ({ code, callback: result, promise: result })
const differs = (code: string, callback: Result, promise: Result): HandlerKind => ({
  code,
  callback,
  promise,
})
const early = (code: string, callback: Result): HandlerKind => ({ code, callback })

const HANDLED =
  'handled: callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack'
const NO_JSON = differs(
  '',
  error('Error: Unable to stringify response body'),
  error('Runtime.JSONStringifyError: Unable to stringify response body'),
)

export const HANDLER_KINDS: Readonly<Record<string, HandlerKind>> = {
  'async, an object': both('async () => ({ a: [1, "ü"] })', ok({ a: [1, 'ü'] })),
  'async, nothing': both('async () => {}', ok(null)),
  'async, NaN': both('async () => NaN', ok(null)),
  'async, a date': both('async () => new Date(0)', ok('1970-01-01T00:00:00.000Z')),
  'async, a buffer': both('async () => Buffer.from([7])', ok({ type: 'Buffer', data: [7] })),
  'async, a Response': both('async () => new Response("x")', ok({})),
  'async, an object with functions': both('async () => ({ a: 1, f() {}, s: Symbol() })', ok({ a: 1 })),
  'async, a function': both('async () => () => {}', error('TypeError: Wrong arguments')),
  'async, a symbol': both('async () => Symbol("s")', error('TypeError: Wrong arguments')),
  'async, a BigInt': { ...NO_JSON, code: 'async () => 1n' },
  'async, a circle': { ...NO_JSON, code: 'async () => { const a = {}; a.a = a; return a }' },
  'async, a toJSON that throws': { ...NO_JSON, code: 'async () => ({ toJSON() { throw new Error("no") } })' },
  'async, too large': both(
    'async () => "x".repeat(6_291_555)',
    error(
      'Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    ),
  ),
  'async, throws an error': both('async () => { throw new RangeError("boom") }', error('RangeError: boom')),
  'async, throws an error with a name': both(
    'async () => { throw Object.assign(new Error("boom"), { name: "Named" }) }',
    error('Named: boom'),
  ),
  'async, throws a text': both('async () => { throw "text" }', error('string: text')),
  'async, throws a number': both('async () => { throw 0 }', error('number: 0')),
  'async, throws an object': both('async () => { throw { a: 1 } }', error('object: [object Object]')),
  'async, throws what has no text': both('async () => { throw Object.create(null) }', error(HANDLED)),
  'async, throws undefined': differs(
    'async () => { throw undefined }',
    error('string: handled'),
    error('undefined: undefined'),
  ),
  'async, throws null': differs(
    'async () => { throw null }',
    error('string: handled'),
    error('object: null'),
  ),
  'async, rejects later': both(
    'async () => { await delay(1); throw new Error("later") }',
    error('Error: later'),
  ),
  'a promise': both('() => delay(1, "x")', ok('x')),
  'a thenable': both('() => ({ then: done => done("x") })', ok('x')),
  'not async, a value': differs('() => "x"', ok(null), ok('x')),
  'not async, nothing': both('() => {}', ok(null)),
  'not async, throws an error': both('() => { throw new Error("boom") }', error('Error: boom')),
  'not async, throws a text': both('() => { throw "text" }', error('string: text')),
  'not async, throws undefined': differs(
    '() => { throw undefined }',
    ok(null),
    error('undefined: undefined'),
  ),
  'not async, a timer throws': early(
    '() => { setTimeout(() => { throw new Error("timer") }, 1) }',
    error('Error: timer'),
  ),
  'never settles': differs(
    '() => new Promise(() => {})',
    ok(null),
    error('Runtime.ExitError: Runtime exited without providing a reason'),
  ),
  'async, a timer throws': both(
    'async () => { setTimeout(() => { throw new Error("timer") }, 1); await delay(60_000) }',
    error('Error: timer'),
  ),
  'async, a rejection that nothing handles': both(
    'async () => { Promise.reject(new Error("lost")); await delay(60_000) }',
    error('Runtime.UnhandledPromiseRejection: Error: lost'),
  ),
  'async, returns beside such a rejection': differs(
    'async () => { Promise.reject(new Error("lost")); return "x" }',
    ok('x'),
    error('Runtime.UnhandledPromiseRejection: Error: lost'),
  ),
  'ends its process': both(
    'async () => process.exit(3)',
    error('the handler ended its process with exit code 3'),
  ),
  'calls back': early('(event, context, callback) => callback(null, "x")', ok('x')),
  'calls back with nothing': early('(event, context, callback) => callback()', ok(null)),
  'calls back later': early('(event, context, callback) => { setTimeout(callback, 1, null, "x") }', ok('x')),
  'calls back twice': early('(e, c, callback) => { callback(null, "x"); callback(new Error("y")) }', ok('x')),
  'calls back with an error': early('(e, c, callback) => callback(new Error("boom"))', error('Error: boom')),
  'calls back with a text': early('(event, context, callback) => callback("text")', error('string: text')),
  'calls back with a BigInt': early(
    '(event, context, callback) => callback(null, 1n)',
    error('Error: Unable to stringify response body'),
  ),
  'calls back, and a timer throws': early(
    '(e, c, callback) => { setTimeout(() => { throw new Error("timer") }, 1); callback(null, "x") }',
    error('Error: timer'),
  ),
  'calls back within a promise': early(
    'async (e, c, callback) => { callback(null, "x"); return "y" }',
    ok('x'),
  ),
  'context.succeed': early('(event, context) => { setTimeout(context.succeed, 1, "x") }', ok('x')),
  'context.fail': early('(event, context) => context.fail("text")', error('string: text')),
  'context.fail without an error': early('(event, context) => context.fail()', error('string: handled')),
  'context.done': early('(event, context) => context.done(null, "x")', ok('x')),
}

/**
 * A module with every kind in the list `kinds`, and a handler that is the kind which `kindOf` finds in the event.
 *
 * @param kindOf the source of a function
 */
export function handlerModule(kindOf: string): string {
  return `
import { setTimeout as delay } from 'node:timers/promises'
const kindOf = ${kindOf}
const names = ${JSON.stringify(Object.keys(HANDLER_KINDS))}
export const kinds = [
  ${Object.values(HANDLER_KINDS)
    .map(({ code }) => code)
    .join(',\n  ')}
]
export const handler = (...args) => kinds[names.indexOf(kindOf(args[0]))](...args)
`
}
