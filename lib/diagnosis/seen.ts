import { signInProblem } from '../../packages/runtime/adapters/kafka/sign-in.ts'
import type { Observed } from './finding.ts'

/** Returns the answer, or why it could not be seen. @throws errors of the code itself */
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
  // Errors of settings have a line for each.
  const line = error.message.replace(/\s*\n\s*(- )?/g, ' ').replace(/^the environment has \d+ errors?: /, '')
  return line.replace(/\.$/, '')
}

/** Longest wait for the first answer of a server. */
const PATIENCE_MS = 10_000

/** @throws Error if the answer takes longer than this */
export function soon<T>(answer: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs)
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}
