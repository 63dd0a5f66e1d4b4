import { RuntimeFailure } from './reported-error.ts'

/**
 * Maximum size of the response of a synchronous invocation, in bytes.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_RESPONSE_BYTES = 6_291_556

/**
 * Returns the response as JSON; null if the handler returned nothing.
 *
 * @throws RuntimeFailure if the response cannot be serialized or is too large
 */
export function responseJson(result: unknown): string {
  const json = stringifyResult(result === undefined ? null : result)
  if (json === undefined) {
    const details = [`(the handler returned a ${typeof result}, which JSON cannot represent)`]
    throw new RuntimeFailure('TypeError', 'Wrong arguments', details)
  }
  // Measure the exact size only if it may exceed the limit. A character occupies at most three bytes.
  if (json.length * 3 > MAX_RESPONSE_BYTES && Buffer.byteLength(json) > MAX_RESPONSE_BYTES) {
    const message = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`
    throw new RuntimeFailure('Function.ResponseSizeTooLarge', message)
  }
  return json
}

function stringifyResult(result: unknown): string | undefined {
  try {
    // `JSON.stringify` returns undefined for a function or a symbol.
    return JSON.stringify(result)
  } catch (error) {
    // `JSON.stringify` throws for a BigInt, a circular structure, or an error in `toJSON`.
    const details = error instanceof Error ? [`${error.stack}`] : []
    throw new RuntimeFailure('Runtime.JSONStringifyError', 'Unable to stringify response body', details)
  }
}
