import { signInProblem } from '../../packages/runtime/adapters/kafka/sign-in.ts'
import type { Observed } from './finding.ts'

/**
 * Returns the result, or the reason why it could not be queried.
 *
 * @throws errors of the code itself
 */
export async function seenIf<T>(ask: () => Promise<T>): Promise<Observed<T>> {
  try {
    return { seen: await ask() }
  } catch (error) {
    return { unseen: whyUnseen(error) }
  }
}

const BUGS = [TypeError, RangeError, ReferenceError, SyntaxError]

function whyUnseen(error: unknown): string {
  if (!(error instanceof Error) || BUGS.some(kind => error instanceof kind)) throw error
  const problem = signInProblem(error)
  if (problem !== undefined) return `it cannot be used: ${problem}`
  // Configuration errors have one line per error.
  const line = error.message.replace(/\s*\n\s*(- )?/g, ' ').replace(/^the environment has \d+ errors?: /, '')
  return line.replace(/\.$/, '')
}

/** Default timeout for the first answer of a server, in milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Limits the wait for an answer.
 *
 * @throws Error if the answer takes longer than `patienceMs`
 */
export function soon<T>(answer: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs)
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}
