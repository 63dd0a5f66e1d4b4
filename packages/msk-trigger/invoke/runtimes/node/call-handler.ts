import process from 'node:process'
import { setImmediate } from 'node:timers'
import { REFUSED } from '../runtime.ts'
import { hasCallbacks } from './node-releases.ts'
import { RuntimeFailure } from './reported-error.ts'
import type { ThreadData } from './thread-messages.ts'

export type Handler = (...args: unknown[]) => unknown

/** Receives the outcome of an invocation. All calls after the first one are ignored. */
export interface OutcomeListener {
  succeed(result: unknown): void
  fail(thrown: unknown): void
  /** Reports a failure that would make Lambda end the process. */
  failForGood(thrown: unknown): void
}

export interface Begun {
  readonly requestId: string
  /** Time at which the invocation times out, in milliseconds since the epoch; infinity for no timeout. */
  readonly deadlineMs: number
}

/** Function that is called when the event loop is empty, so that the handler can no longer do anything. */
export type OnEmptyLoop = () => void

type Callee = Pick<ThreadData, 'functionArn' | 'timeoutMs' | 'runtime'>

/**
 * Calls a handler in the same way as its runtime. The outcome is reported one turn of the event loop later, so that an unhandled
 * rejection is reported first.
 */
export function callHandler(
  handler: Handler,
  event: unknown,
  invocation: Begun,
  callee: Callee,
  outcome: OutcomeListener,
): OnEmptyLoop {
  const later: OutcomeListener = {
    succeed: result => void setImmediate(() => outcome.succeed(result)),
    fail: thrown => void setImmediate(() => outcome.fail(thrown)),
    failForGood: thrown => outcome.failForGood(thrown),
  }
  const context = lambdaContext(invocation, callee)
  if (hasCallbacks(callee.runtime)) return callWithCallback(handler, event, context, later)
  const run = async () => handler(event, context)
  void run().then(later.succeed, later.fail)
  return () => later.failForGood(neverSettled())
}

/**
 * Calls a handler in the same way as nodejs22.x and earlier. The first of the callback, `context.done`, `succeed` and `fail`, and a
 * returned promise decides. Another returned value is ignored: without a call, the outcome is null when the event loop is empty.
 */
function callWithCallback(
  handler: Handler,
  event: unknown,
  values: object,
  outcome: OutcomeListener,
): OnEmptyLoop {
  let onEmptyLoop: OnEmptyLoop = () =>
    isAsync(handler) ? outcome.failForGood(neverSettled()) : outcome.succeed(null)
  let isDecided = false
  const decide = (report: () => void) => {
    if (isDecided) return
    isDecided = true
    onEmptyLoop = () => {}
    report()
  }
  const done = (error?: unknown, result?: unknown) =>
    decide(() => (error == null ? outcome.succeed(result) : outcome.fail(error)))
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    succeed: (result?: unknown) => done(null, result),
    fail: (error?: unknown) => done(error ?? 'handled'),
    done,
    ...values,
  }
  const waitToSucceed = (result: unknown) => {
    onEmptyLoop = () => outcome.succeed(result)
  }
  const callback = (error?: unknown, result?: unknown) =>
    error == null && context.callbackWaitsForEmptyEventLoop
      ? decide(() => waitToSucceed(result))
      : done(error, result)
  try {
    const returned = handler(event, context, callback)
    if (isThenable(returned)) returned.then(context.succeed, context.fail)
  } catch (thrown) {
    callback(thrown)
  }
  return () => onEmptyLoop()
}

function isAsync(handler: Handler): boolean {
  return handler.constructor?.name === 'AsyncFunction'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}

/** Creates the context of an invocation. As in Lambda, most of its values are read from environment variables. */
function lambdaContext({ requestId, deadlineMs }: Begun, { functionArn, timeoutMs }: Callee) {
  const { env } = process
  return {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: undefined,
    identity: undefined,
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    // Without a timeout, always return the configured timeout, because handlers cannot set a timer to infinity.
    getRemainingTimeInMillis: () => (Number.isFinite(deadlineMs) ? deadlineMs - Date.now() : timeoutMs),
  }
}

/** Returns the error for a process that ends because its event loop is empty. */
function neverSettled(): RuntimeFailure {
  return new RuntimeFailure('Runtime.ExitError', 'Runtime exited without providing a reason', [
    '(the promise of the handler was never settled, and nothing was left to wait for)',
  ])
}

/** Rejects a handler that declares a callback, in the same way as nodejs24.x and later. @throws RuntimeFailure */
export function refuseCallback({ length }: Handler, runtime: string): void {
  if (length < 3 || hasCallbacks(runtime)) return
  throw new RuntimeFailure(
    REFUSED,
    'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
      'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
      'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    [
      `(the handler declares ${length} parameters, and ${runtime} takes a third one for a callback: return a promise instead, or set the runtime nodejs22.x)`,
    ],
  )
}
