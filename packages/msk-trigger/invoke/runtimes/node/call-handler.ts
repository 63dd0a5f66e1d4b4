import { type Begun, type Call, type Handler, lambdaContext, type Outcome } from './call.ts'
import { callWithCallback } from './callback-style.ts'
import type { ThreadData } from './messages.ts'
import { callForPromise } from './promise-style.ts'
import { callStreaming, isStreaming } from './streaming.ts'

type Callee = Pick<ThreadData, 'style' | 'functionArn' | 'timeoutMs'>

/** Calls a handler in the style of its runtime. The outcome is reported exactly once, possibly before this function returns. */
export function callHandler(
  handler: Handler,
  event: unknown,
  invocation: Begun,
  callee: Callee,
  outcome: Outcome,
  sharesLoop = false,
): Call {
  const context = lambdaContext(invocation, callee)
  if (isStreaming(handler)) return callStreaming(handler, event, context, outcome)
  if (callee.style === 'promise') return callForPromise(handler, event, context, outcome)
  return callWithCallback(handler, event, context, outcome, sharesLoop)
}
