/** What the console takes on at once, so that no page and no program can make it read without end. */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ProblemError } from '../api/problem.ts'
import type { ConsoleHono } from './person.ts'

export interface Limits {
  /** How long a question may take, in milliseconds. */
  readonly answerWithinMs: number
  /** How many questions are worked on at once. */
  readonly questions: number
  /** How many of them may be one person's. */
  readonly questionsOfOne: number
  /** The bytes of a request's body. */
  readonly bodyBytes: number
}

/** A reading may have a mebibyte, and is longer as JSON. */
export const LIMITS: Limits = {
  answerWithinMs: 30_000,
  questions: 64,
  questionsOfOne: 16,
  bodyBytes: 4 * 1024 * 1024,
}

/** An HTTP API waits for 30 seconds. */
export const DEPLOYED_LIMITS: Limits = { ...LIMITS, answerWithinMs: 25_000 }

/** @throws ProblemError for a body that is too large */
export function limitedBodies({ bodyBytes }: Limits): MiddlewareHandler {
  return bodyLimit({
    maxSize: bodyBytes,
    onError: () => {
      throw new ProblemError('too-large', `A request may have at most ${bodyBytes / 1024 / 1024} MiB.`)
    },
  })
}

/**
 * The work on a question that takes too long goes on until it finds its own limit; a stream counts until it has begun.
 *
 * @throws ProblemError where there are too many questions, or this one takes too long
 */
export function limitedQuestions({
  answerWithinMs,
  questions,
  questionsOfOne,
}: Limits): MiddlewareHandler<ConsoleHono> {
  let running = 0
  const runningOf = new Map<string, number>()
  return async (context, next) => {
    const { name } = context.get('person')
    const own = runningOf.get(name) ?? 0
    if (running >= questions || own >= questionsOfOne)
      throw new ProblemError(
        'busy',
        `The console works on ${running >= questions ? `${questions} questions` : `${own} questions of yours`} already. Ask again in a moment.`,
      )
    running += 1
    runningOf.set(name, own + 1)
    const answered = next().finally(() => {
      running -= 1
      const left = (runningOf.get(name) ?? 0) - 1
      if (left > 0) runningOf.set(name, left)
      else runningOf.delete(name)
    })
    await inTime(context, answered, answerWithinMs)
  }
}

async function inTime(context: Context, answered: Promise<void>, ms: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const message = `${context.req.path} took longer than ${ms / 1000} s. Ask for less: a shorter time, or fewer records.`
  const timer = setTimeout(() => reject(new ProblemError('unavailable', message)), ms)
  await Promise.race([answered, promise]).finally(() => clearTimeout(timer))
}

/** How many streams are open at once, each of which keeps a question alive. */
const STREAMS = 100

/** The open streams of this process. */
export class OpenStreams {
  readonly #most: number
  #open = 0

  constructor(most = STREAMS) {
    this.#most = most
  }

  /** @returns tells that the stream has ended, once @throws ProblemError if there are too many */
  enter(): () => void {
    if (this.#open >= this.#most)
      throw new ProblemError('busy', `${this.#most} pages watch this console already. Close some of them.`)
    this.#open += 1
    return () => {
      this.#open -= 1
    }
  }
}
