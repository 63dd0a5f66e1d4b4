import assert from 'node:assert/strict'
import { Unavailable } from '../../lib/pipeline/ports.ts'

/** What the call is rejected with; a call that succeeds has failed the test. */
export async function rejection(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => undefined,
    rejected => rejected as Error,
  )
  assert.ok(error, 'was not rejected')
  return error
}

/** More than the work of a busy machine beside it, and far less than another attempt. */
const SLACK_MS = 500

/** Holds that the call is rejected as unavailable within so many milliseconds, and returns with what. */
export async function assertUnavailable(call: Promise<unknown>, withinMs: number): Promise<Unavailable> {
  const beganAt = performance.now()
  const error = await rejection(call)
  const tookMs = performance.now() - beganAt
  assert.ok(error instanceof Unavailable, error.stack)
  assert.ok(tookMs < withinMs + SLACK_MS, `took ${tookMs} ms: ${error.message}`)
  return error
}
