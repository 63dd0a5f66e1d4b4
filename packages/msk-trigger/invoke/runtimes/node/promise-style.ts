import { setImmediate } from 'node:timers/promises'
import type { Call, Handler, LambdaContext, Outcome } from './call.ts'
import { RuntimeFailure } from './reported-error.ts'

/**
 * Calls a handler in the same way as nodejs24.x and later. The outcome is reported one turn of the event loop later, so that an
 * unhandled rejection is reported first.
 */
export function callForPromise(
  handler: Handler,
  event: unknown,
  context: LambdaContext,
  outcome: Outcome,
): Call {
  const run = async () => handler(event, context)
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
  return { loopIsEmpty: () => outcome.failForGood(neverSettled()) }
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
    [`(the handler declares ${length} parameters, and a third one would be a callback)`],
  )
}
