import { signInProblem } from '#runtime/adapters/kafka/sign-in-problem.ts'
import { describeServerFailure } from '#runtime/adapters/server-failure.ts'
import { within } from '#runtime/adapters/within.ts'
import { omitUndefined } from '#runtime/consumer/index.ts'
import type { Unavailable } from '#runtime/pipeline/errors.ts'
import type { Observed, Unseen } from './finding.ts'

/**
 * Queries a fact. Returns the result, or the reason why the query failed.
 *
 * @throws errors that are caused by defects in the code
 */
export async function observe<T>(ask: () => Promise<T>): Promise<Observed<T>> {
  try {
    return { seen: await ask() }
  } catch (error) {
    return explainUnseen(error)
  }
}

const BUGS = [TypeError, RangeError, ReferenceError, SyntaxError]

function explainUnseen(error: unknown): Unseen {
  if (!(error instanceof Error) || BUGS.some(kind => error instanceof kind)) throw error
  const problem = signInProblem(error)
  if (problem !== undefined) return { unseen: `it cannot be used: ${problem}` }
  // Configuration errors contain a line for each error. They are joined to a single line.
  const line = error.message.replace(/\s*\n\s*(- )?/g, ' ').replace(/^the environment has \d+ errors?: /, '')
  const { todo } = error as Partial<Unavailable>
  const unseen = todo === undefined ? line : line.slice(0, -todo.length - 1)
  return omitUndefined({ unseen: unseen.replace(/\.$/, ''), todo })
}

/** Default timeout for an answer of a server, in milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Waits for an answer of a server, for a limited time.
 *
 * @throws Error if the answer takes longer than `patienceMs`
 */
export function withTimeout<T>(
  answer: Promise<T>,
  patienceMs = PATIENCE_MS,
  server: Parameters<typeof describeServerFailure>[0] = 'kafka',
): Promise<T> {
  return within(patienceMs, answer, () => {
    const late = new Error(`no answer within ${patienceMs / 1000} s`)
    const { happened, todo } = describeServerFailure(server, late)
    return Object.assign(new Error(`${happened}. ${todo}`), { todo })
  })
}
