/** Sends one request to the console's API. */
import type { Problem } from '../../http/problem.ts'

const AWAY: Problem = {
  code: 'unavailable',
  message: 'The console does not respond. Check that it is running.',
}

/** Error of a request that the server rejected or could not receive. Its message is for users. */
class RefusedByServer extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

/** Sends a request. @param path path under `/api` with its query @throws RefusedByServer */
export async function sendRequest<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`/api${path}`, { ...init, credentials: 'same-origin' }).catch(error => {
    if (init.signal?.aborted) throw error
    throw new RefusedByServer(AWAY)
  })
  if (response.ok) return response.json()
  throw new RefusedByServer(await response.json().catch(() => AWAY))
}

/**
 * Converts an error of a query that the page repeats. In contrast to `toProblem`, the message for an outage of the console itself
 * says that the query is repeated.
 */
export function toRepeatedProblem(error: unknown): Problem {
  const problem = toProblem(error)
  if (problem !== AWAY) return problem
  return { ...problem, message: `${problem.message} The page retries automatically.` }
}

/** Converts an error to a problem with a message for users. */
export function toProblem(error: unknown): Problem {
  if (error instanceof RefusedByServer) return error.problem
  return { code: 'fault', message: `Internal error of the page: ${(error as Error).message}` }
}
