import { signInProblem } from '#runtime/operating/kafka'
import { type ServerName, serverUnavailable } from '#runtime/operating/servers'
import type { Unavailable } from '#runtime/pipeline'
import { within } from '#runtime/waiting'
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
  const { words } = error as Partial<Unavailable>
  if (words) return { unseen: words.happened, todo: words.todo }
  // Configuration errors contain a line for each error. They are joined to a single line.
  const line = error.message.replace(/\s*\n\s*(- )?/g, ' ').replace(/^the environment has \d+ errors?: /, '')
  return { unseen: line.replace(/\.$/, '') }
}

/** Default timeout for an answer of a server, in milliseconds. */
const PATIENCE_MS = 10_000

/** Interval of a timeout, in milliseconds. Time in which this process has to wait for a processor counts as one interval. */
const INTERVAL_MS = 250

/**
 * Waits for an answer of a server, for a limited time.
 *
 * @throws Unavailable if the answer takes longer than `ms`
 */
export function withTimeout<T>(
  answer: Promise<T>,
  server: ServerName = 'kafka',
  ms = PATIENCE_MS,
  at?: string,
) {
  const late = () => new Error(`no answer within ${ms / 1000} s`)
  return within(ms, answer, () => serverUnavailable(server, late(), at), Math.ceil(ms / INTERVAL_MS))
}
