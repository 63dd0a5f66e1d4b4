/** Error response of the API. Its message describes the problem and the remedy. */
import type { Context } from 'hono'
import { ConfigError, RetryableError } from '#runtime/consumer'
import { isUnknownTopic, RefusedByKafka } from '#runtime/operating/servers'
import { isUnreadable, PartitionStopped, RecordRefused, Unavailable } from '#runtime/pipeline'
import { Failure } from '../../lib/support/failure.ts'

/** HTTP status by the machine-readable kind of a problem. */
export const STATUS = {
  'bad-request': 400,
  'signed-out': 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'bad-type': 415,
  busy: 429,
  refused: 502,
  unavailable: 503,
  fault: 500,
} as const

export interface Problem {
  readonly code: keyof typeof STATUS
  /** Message for users. It must not contain payloads or secrets. */
  readonly message: string
}

/** Error of a route. Its message is shown to the user unchanged. */
export class ProblemError extends Error {
  readonly code: Problem['code']

  constructor(code: Problem['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Sends the error response. @param reportError receives unexpected errors */
export function sendProblem(
  context: Context,
  error: unknown,
  reportError: (error: unknown) => void,
): Response {
  const problem = toProblem(error)
  if (problem.code === 'fault') reportError(error)
  return context.json(problem, STATUS[problem.code])
}

/** Converts an error to a problem. Pure. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return { code: error.code, message: error.message }
  const message = (error as Error)?.message
  if (error instanceof Failure) return { code: toCode(error), message }
  if (isUnknownTopic(error)) return { code: 'not-found', message }
  if (error instanceof RefusedByKafka || error instanceof RecordRefused) return { code: 'refused', message }
  if (error instanceof Unavailable || isUnreadable(error)) return { code: 'unavailable', message }
  if (error instanceof ConfigError || (error instanceof RetryableError && error.safeMessage))
    return { code: 'unavailable', message: `The database: ${message}` }
  if (error instanceof PartitionStopped)
    return { code: 'unavailable', message: 'The topic changed while it was being read. Try again.' }
  // Do not include the error's message, because it may quote data.
  return { code: 'fault', message: 'Internal error. See the log of the console.' }
}

function toCode({ isUsage, isMissing, cause }: Failure): Problem['code'] {
  if (isUsage) return 'bad-request'
  if (cause instanceof Unavailable || cause instanceof RetryableError) return 'unavailable'
  return isMissing ? 'not-found' : 'conflict'
}
