import assert from 'node:assert/strict'
import { rejection } from '@sluice/test-kit/rejection'
import { Unavailable } from '../../pipeline/errors.ts'

/** Tolerance for a busy machine, in milliseconds. A call without a time limit would take much longer. */
const SLACK_MS = 20_000

/** Asserts that the call rejects with `Unavailable` within a time limit, and returns the error. */
export async function assertUnavailable(call: Promise<unknown>, withinMs: number): Promise<Unavailable> {
  const beganAt = performance.now()
  const error = await rejection(call)
  const tookMs = performance.now() - beganAt
  assert.ok(error instanceof Unavailable, error.stack)
  assert.ok(tookMs < withinMs + SLACK_MS, `took ${tookMs} ms: ${error.message}`)
  return error
}
