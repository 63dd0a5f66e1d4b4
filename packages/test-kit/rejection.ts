import assert from 'node:assert/strict'

/** Returns the error with which the call rejects. Fails the test if the call succeeds. */
export async function rejection(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => undefined,
    rejected => rejected as Error,
  )
  assert.ok(error, 'was not rejected')
  return error
}
