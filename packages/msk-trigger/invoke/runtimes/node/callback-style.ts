import { types } from 'node:util'
import type { Call, Handler, LambdaContext, Outcome } from './call.ts'
import { RuntimeFailure } from './reported-error.ts'

type Callback = (error?: unknown, result?: unknown) => void

/** Additional members of the context for a handler that may use a callback. */
interface CallbackContext extends LambdaContext {
  callbackWaitsForEmptyEventLoop: boolean
  readonly done: Callback
  readonly succeed: (result?: unknown) => void
  readonly fail: (error?: unknown) => void
}

/**
 * Calls a handler in the same way as the runtimes up to nodejs22.x.
 *
 * @param sharesLoop true if other code keeps the event loop from becoming empty, so that a response must not wait for an empty loop
 */
export function callWithCallback(
  handler: Handler,
  event: unknown,
  context: LambdaContext,
  outcome: Outcome,
  sharesLoop = false,
): Call {
  const call = new CallbackCall(handler, outcome, sharesLoop)
  const whole = call.extended(context)
  const { succeed, fail } = whole
  call.isExpected = handler.length > 2
  try {
    const result = handler(event, whole, call.callback)
    if (isThenable(result)) result.then(succeed, fail)
    else call.returned()
  } catch (thrown) {
    call.callback(thrown)
  }
  return call
}

class CallbackCall implements Call {
  isExpected = false
  readonly callback: Callback
  readonly #outcome: Outcome
  readonly #sharesLoop: boolean
  #context: CallbackContext | undefined
  #isSettled = false
  #whenLoopIsEmpty: () => void

  constructor(handler: Handler, outcome: Outcome, sharesLoop: boolean) {
    this.#outcome = outcome
    this.#sharesLoop = sharesLoop
    this.#whenLoopIsEmpty = () =>
      types.isAsyncFunction(handler) ? outcome.fail(neverSettled()) : outcome.succeed(null)
    this.callback = this.#once((error, result) => {
      const waits = this.#context?.callbackWaitsForEmptyEventLoop && !this.#sharesLoop
      if (isNothing(error) && waits) this.#whenLoopIsEmpty = () => outcome.succeed(result)
      else this.#settle(error, result)
    })
  }

  /**
   * Returns the context with the methods `done`, `succeed` and `fail`, which settle the invocation without waiting for the event
   * loop.
   */
  extended(context: LambdaContext): CallbackContext {
    const done = this.#once((error, result) => this.#settle(error, result))
    const methods = {
      done,
      succeed: (result?: unknown) => done(null, result),
      fail: (error?: unknown) => done(isNothing(error) ? 'handled' : error),
    }
    const extended: CallbackContext = {
      callbackWaitsForEmptyEventLoop: true,
      ...methods,
      ...context,
    }
    if (this.#sharesLoop) this.#watch(extended, methods)
    this.#context = extended
    return extended
  }

  /** Called when the handler has returned something other than a promise. */
  returned(): void {
    if (this.#sharesLoop && !this.isExpected && !this.#isSettled) this.callback(null, null)
  }

  loopIsEmpty(): void {
    this.#whenLoopIsEmpty()
  }

  #settle(error: unknown, result: unknown): void {
    if (isNothing(error)) this.#outcome.succeed(result)
    else this.#outcome.fail(error)
  }

  #once(settle: Callback): Callback {
    return (error, result) => {
      if (this.#isSettled) return
      this.#isSettled = true
      this.#whenLoopIsEmpty = () => {}
      settle(error, result)
    }
  }

  /** Detects that the handler reads one of these methods. Reading a method indicates that the handler will call it. */
  #watch(context: CallbackContext, methods: Readonly<Record<string, unknown>>): void {
    for (const [name, method] of Object.entries(methods))
      Object.defineProperty(context, name, {
        get: () => {
          this.isExpected = true
          return method
        },
      })
  }
}

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return Boolean(result) && typeof (result as Partial<PromiseLike<unknown>>).then === 'function'
}

function isNothing(error: unknown): boolean {
  return error === undefined || error === null
}

function neverSettled(): RuntimeFailure {
  return new RuntimeFailure(
    'Runtime.NodeJsExit',
    'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was ' +
      'never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
  )
}
