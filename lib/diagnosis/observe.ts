import { signInProblem } from '#runtime/adapters/kafka/sign-in-problem.ts'
import { within } from '#runtime/adapters/within.ts'
import type { Observed } from './finding.ts'

/**
 * Queries a fact. Returns the result, or the reason why the query failed.
 *
 * @throws errors that are caused by defects in the code
 */
export async function observe<T>(ask: () => Promise<T>): Promise<Observed<T>> {
  try {
    return { seen: await ask() }
  } catch (error) {
    return { unseen: explainUnseen(error) }
  }
}

const BUGS = [TypeError, RangeError, ReferenceError, SyntaxError]

function explainUnseen(error: unknown): string {
  if (!(error instanceof Error) || BUGS.some(kind => error instanceof kind)) throw error
  const problem = signInProblem(error)
  if (problem !== undefined) return `it cannot be used: ${problem}`
  // Configuration errors contain a line for each error. They are joined to a single line.
  const line = error.message.replace(/\s*\n\s*(- )?/g, ' ').replace(/^the environment has \d+ errors?: /, '')
  return line.replace(/\.$/, '')
}

/** Default timeout for an answer of a server, in milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Waits for an answer, for a limited time.
 *
 * @throws Error if the answer takes longer than `patienceMs`
 */
export function withTimeout<T>(answer: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  return within(patienceMs, answer, () => new Error(`no answer within ${patienceMs / 1000} s`))
}
