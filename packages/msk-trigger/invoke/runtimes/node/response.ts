import type { HandlerStyle } from './messages.ts'
import { RuntimeFailure } from './reported-error.ts'

/** The maximum response of a synchronous invocation, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_RESPONSE_BYTES = 6_291_556

/** The response as JSON: null for nothing. @throws RuntimeFailure for what has no JSON, and for what is too large */
export function responseJson(result: unknown, style: HandlerStyle): string {
  const json = stringified(result === undefined ? null : result, style)
  if (json === undefined) {
    const details = [`(the handler returned a ${typeof result}, which JSON cannot represent)`]
    throw new RuntimeFailure('TypeError', 'Wrong arguments', details)
  }
  // A character has at most three bytes.
  if (json.length * 3 > MAX_RESPONSE_BYTES && Buffer.byteLength(json) > MAX_RESPONSE_BYTES) {
    const message = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`
    throw new RuntimeFailure('Function.ResponseSizeTooLarge', message)
  }
  return json
}

function stringified(result: unknown, style: HandlerStyle): string | undefined {
  try {
    // Undefined for a function and for a symbol.
    return JSON.stringify(result)
  } catch (error) {
    // BigInt, circular, or a toJSON that throws.
    const name = style === 'callback' ? 'Error' : 'Runtime.JSONStringifyError'
    const details = error instanceof Error ? [`${error.stack}`] : []
    throw new RuntimeFailure(name, 'Unable to stringify response body', details)
  }
}
