/** Limits on the number, duration and size of requests, so that a single user or program cannot overload the console. */

import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { within } from '#runtime/adapters/within.ts'
import type { ConsoleHono } from '../http/person.ts'
import { ProblemError } from '../http/problem.ts'

export interface Limits {
  /** Time limit for one request, in milliseconds. */
  readonly answerWithinMs: number
  /** Maximum number of concurrent requests. */
  readonly questions: number
  /** Maximum number of concurrent requests of one user. */
  readonly questionsOfOne: number
  /** Maximum size of a request body, in bytes. */
  readonly bodyBytes: number
}

/** Limits of a console. An HTTP API ends requests after 30 seconds. A request body can contain the text of many rules. */
export const LIMITS: Limits = {
  answerWithinMs: 25_000,
  questions: 64,
  questionsOfOne: 16,
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
export function limitRequests({
  answerWithinMs,
  questions,
  questionsOfOne,
}: Limits): MiddlewareHandler<ConsoleHono> {
  const permits = new UserSemaphore(questions, questionsOfOne)
  return async (context, next) => {
    const leave = permits.acquire(context.get('person').name, (most, whose) => {
      const of = whose === 'all' ? '' : ' of yours'
      return `The console is already processing ${most} requests${of}. Try again in a moment.`
    })
    const response = next().finally(leave)
    const message = `${context.req.path} took longer than ${answerWithinMs / 1000} s. Request a shorter time range or fewer records.`
    await within(answerWithinMs, response, () => new ProblemError('unavailable', message))
  }
}

/** Semaphore that all users share, with an additional limit per user. */
export class UserSemaphore {
  readonly #most: number
  readonly #mostOfOne: number
  readonly #takenBy = new Map<string, number>()
  #taken = 0

  constructor(most: number, mostOfOne: number) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /**
   * Acquires a permit.
   *
   * @param busy returns the error message if all permits, or all permits of this user, are in use
   * @returns a function that releases the permit @throws ProblemError if no permit is available
   */
  acquire(name: string, busy: (most: number, whose: 'all' | 'own') => string): () => void {
    const own = this.#takenBy.get(name) ?? 0
    if (this.#taken >= this.#most) throw new ProblemError('busy', busy(this.#most, 'all'))
    if (own >= this.#mostOfOne) throw new ProblemError('busy', busy(this.#mostOfOne, 'own'))
    this.#taken += 1
    this.#takenBy.set(name, own + 1)
    return () => {
      this.#taken -= 1
      const left = (this.#takenBy.get(name) ?? 0) - 1
      if (left > 0) this.#takenBy.set(name, left)
      else this.#takenBy.delete(name)
    }
  }
}
