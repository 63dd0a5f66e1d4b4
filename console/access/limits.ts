/** Limits on the number, duration and size of requests, so that a page or a program cannot overload the console. */

import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { within } from '#runtime/waiting'
import { ProblemError } from '../http/problem.ts'

export interface Limits {
  /** Time limit for one request, in milliseconds. */
  readonly answerWithinMs: number
  /** Maximum number of concurrent requests. */
  readonly questions: number
  /** Maximum size of a request body, in bytes. */
  readonly bodyBytes: number
}

/** Limits of a console. A request body can contain the text of many rules. */
export const LIMITS: Limits = {
  answerWithinMs: 25_000,
  questions: 16,
  bodyBytes: 1024 * 1024,
}

/** Limits of requests that are read before their caller is known: a sign-in, or the end of a query. */
export const STRANGERS_LIMITS = { bodyBytes: 4 * 1024 }

/** Returns middleware that limits the size of request bodies. @throws ProblemError for a body that is too large */
export function limitBodies({ bodyBytes }: Pick<Limits, 'bodyBytes'>): MiddlewareHandler {
  return bodyLimit({
    maxSize: bodyBytes,
    onError: () => {
      throw new ProblemError('too-large', `The request is too large. The limit is ${bodyBytes / 1024} KiB.`)
    },
  })
}

/**
 * Limits the number and duration of requests. A request that exceeds the time limit is answered with an error, but its queries
 * continue until their own time limits.
 *
 * @throws ProblemError if there are too many concurrent requests, or if this one takes too long
 */
export function limitRequests({ answerWithinMs, questions }: Limits): MiddlewareHandler {
  const permits = new Permits(questions)
  return async (context, next) => {
    const leave = permits.acquire(
      most => `The console is already processing ${most} requests. Try again in a moment.`,
    )
    const response = next().finally(leave)
    const message = `${context.req.path} took longer than ${answerWithinMs / 1000} s. Request a shorter time range or fewer records.`
    await within(answerWithinMs, response, () => new ProblemError('unavailable', message))
  }
}

/** Permits for requests, of which each holds one until it has ended. */
export class Permits {
  readonly #most: number
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Acquires a permit.
   *
   * @param busy returns the error message if all permits are in use
   * @returns a function that releases the permit @throws ProblemError if no permit is available
   */
  acquire(busy: (most: number) => string): () => void {
    if (this.#taken >= this.#most) throw new ProblemError('busy', busy(this.#most))
    this.#taken += 1
    return () => {
      this.#taken -= 1
    }
  }
}
