import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { RuntimeFailure } from './reported-error.ts'
import type { ThreadData } from './thread-messages.ts'

export type Handler = (...args: unknown[]) => unknown

/** Receives the outcome of an invocation. All calls after the first one are ignored. */
export interface Outcome {
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

/**
 * Calls a handler in the same way as nodejs24.x and later. The outcome is reported one turn of the event loop later, so that an
 * unhandled rejection is reported first.
 */
export function callHandler(
  handler: Handler,
  event: unknown,
  invocation: Begun,
  callee: Pick<ThreadData, 'functionArn' | 'timeoutMs'>,
  outcome: Outcome,
): void {
  const run = async () => handler(event, lambdaContext(invocation, callee))
  void run().then(
    async result => {
      await setImmediate()
      outcome.succeed(result)
    },
    async thrown => {
      await setImmediate()
      outcome.fail(thrown)
    },
  )
}

/** Creates the context of an invocation. As in Lambda, most of its values are read from environment variables. */
function lambdaContext(
  { requestId, deadlineMs }: Begun,
  { functionArn, timeoutMs }: Pick<ThreadData, 'functionArn' | 'timeoutMs'>,
) {
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
export function neverSettled(): RuntimeFailure {
  return new RuntimeFailure('Runtime.ExitError', 'Runtime exited without providing a reason', [
    '(the promise of the handler was never settled, and nothing was left to wait for)',
  ])
}

/** Rejects a handler that declares a callback parameter, in the same way as nodejs24.x and later. @throws RuntimeFailure */
export function refuseCallback({ length }: Handler): void {
  if (length < 3) return
  throw new RuntimeFailure(
    'Runtime.CallbackHandlerDeprecated',
    'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
      'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
      'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    [
      `(the handler declares ${length} parameters, and a third one would be a callback; the Kafka trigger calls handlers of every runtime as nodejs24.x does)`,
    ],
  )
}
