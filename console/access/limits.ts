/** Limits of concurrent work, so that no page and no program can make the console read without end. */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ProblemError } from '../api/problem.ts'
import type { ConsoleHono, Person } from './person.ts'

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
 * The work on a question that takes too long continues up to its own limit; a stream counts until it has begun.
 *
 * @throws ProblemError where there are too many questions, or this one takes too long
 */
export function limitedQuestions({
  answerWithinMs,
  questions,
  questionsOfOne,
}: Limits): MiddlewareHandler<ConsoleHono> {
  const places = new Places(questions, questionsOfOne)
  return async (context, next) => {
    const leave = places.enter(context.get('person').name, (most, whose) => {
      const of = whose === 'all' ? '' : ' of yours'
      return `The console works on ${most} questions${of} already. Ask again in a moment.`
    })
    const answered = next().finally(leave)
    await inTime(context, answered, answerWithinMs)
  }
}

async function inTime(context: Context, answered: Promise<void>, ms: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const message = `${context.req.path} took longer than ${ms / 1000} s. Ask for less: a shorter time, or fewer records.`
  const timer = setTimeout(() => reject(new ProblemError('unavailable', message)), ms)
  await Promise.race([answered, promise]).finally(() => clearTimeout(timer))
}

/** How many streams are open at once, each of which keeps a question alive, and how many of them may be one person's. */
const STREAMS = 100
const STREAMS_OF_ONE = 40

/** The open streams of this process. */
export class OpenStreams {
  readonly #places: Places

  constructor(most = STREAMS, mostOfOne = STREAMS_OF_ONE) {
    this.#places = new Places(most, mostOfOne)
  }

  /** @returns a function that reports the end of the stream, once @throws ProblemError if there are too many */
  enter({ name }: Pick<Person, 'name'>): () => void {
    return this.#places.enter(
      name,
      (most, whose) =>
        `${most} pages${whose === 'all' ? '' : ' of yours'} watch this console already. Close some of them.`,
    )
  }
}

/** Places that people share: one person can never take all of them. */
class Places {
  readonly #most: number
  readonly #mostOfOne: number
  readonly #takenBy = new Map<string, number>()
  #taken = 0

  constructor(most: number, mostOfOne: number) {
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /**
   * @param busy the message where all places are taken, or all that one person may have
   * @returns gives the place back @throws ProblemError
   */
  enter(name: string, busy: (most: number, whose: 'all' | 'own') => string): () => void {
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
