/** One question to the console's server. */
import type { Problem } from '../../api/problem.ts'

const AWAY: Problem = {
  code: 'unavailable',
  message: 'The console does not answer: has it been stopped?',
}

/** The server has refused, or is away; its message is for people. */
export class RefusedByServer extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

/** @param path below `/api`, with its query. @throws RefusedByServer */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`/api${path}`, { ...init, credentials: 'same-origin' }).catch(error => {
    if (init.signal?.aborted) throw error
    throw new RefusedByServer(AWAY)
  })
  if (response.ok) return response.json()
  throw new RefusedByServer(await response.json().catch(() => AWAY))
}

/** Returns a problem as `problemOf` does, for a question that the page itself repeats: an outage of the console is included. */
export function problemMeanwhile(error: unknown): Problem {
  const problem = problemOf(error)
  if (problem !== AWAY) return problem
  return { ...problem, message: `${problem.message} The page keeps asking.` }
}

/** The sentence of an error for people. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RefusedByServer) return error.problem
  return { code: 'fault', message: `This is a fault of the page: ${(error as Error).message}` }
}
