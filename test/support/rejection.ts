import assert from 'node:assert/strict'

/** What the call is rejected with; a call that succeeds has failed the test. */
export async function rejection(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => undefined,
    rejected => rejected as Error,
  )
  assert.ok(error, 'was not rejected')
  return error
}
