/** Asks the console's server. All questions go through here, so that signing in, errors and streams are treated alike. */

import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Answers } from '../../api/api.ts'
import type { Problem } from '../../api/problem.ts'
import { addressOf } from './address.ts'
import { ask, problemMeanwhile, problemOf } from './ask.ts'
import type { Parameters } from './search.ts'
import { type Message, watch } from './watched.ts'

/** Names of routes that change something, such as `POST /alerts/silences`; the others are questions. */
type Change = Extract<keyof Answers, `P${string}`>
export type Question = Exclude<keyof Answers, Change>

/** State of an answer. While the server is away, the last answer stays, beside the problem. */
export interface Answer<T> {
  readonly answer: T | undefined
  readonly problem: Problem | undefined
  /** Whether the answer is still that of the question before, because this one's is on its way; see `Asking`. */
  readonly isOlder?: boolean
  /** Asks again at once. */
  readonly again: () => void
}

export interface Asking {
  /** Shows the answer of the question before until this one's is there: for a list that pages or filters on the server. */
  readonly keep?: boolean
}

interface AskingOnce extends Asking {
  /** Whether to repeat the question while a server is away. */
  readonly insist?: boolean
}

const INSIST_MS = 2_000

/** The answer to one question, asked once for each address. */
export function useAnswer<Name extends Question>(
  name: Name,
  query: Parameters = {},
  { keep = false, insist = false }: AskingOnce = {},
): Answer<Answers[Name]> {
  const path = addressOf(name, query)
  const [state, setState] = useState<KeptAnswer<Answers[Name]>>(NOTHING)
  const [round, setRound] = useState(0)
  useEffect(() => {
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    ask<Answers[Name]>(path, { signal: over.signal }).then(
      answer => {
        if (!over.signal.aborted) setState({ path, answer, problem: undefined })
      },
      (error: unknown) => {
        if (over.signal.aborted) return
        const problem = insist ? problemMeanwhile(error) : problemOf(error)
        setState(kept => after(kept, path, { problem }))
        if (insist && problem.code === 'unavailable')
          timer = setTimeout(() => setRound(now => now + 1), INSIST_MS)
      },
    )
    return () => {
      over.abort()
      clearTimeout(timer)
    }
  }, [path, round])
  return { ...known(state, path, keep), again: () => setRound(now => now + 1) }
}

/** The newest answer to a question that can be watched: by a stream where the server has one, else by asking again. */
export function useLive<Name extends Question>(
  name: Name,
  query: Parameters = {},
  { keep = false }: Asking = {},
): Answer<Answers[Name]> {
  const path = addressOf(name, query)
  const { streams } = useEnvironment()
  const [state, setState] = useState<KeptAnswer<Answers[Name]>>(NOTHING)
  const [round, setRound] = useState(0)
  useEffect(
    () => watch<Answers[Name]>(path, streams, message => setState(kept => after(kept, path, message))),
    [path, streams, round],
  )
  return { ...known(state, path, keep), again: () => setRound(now => now + 1) }
}

/**
 * Asks for a change. The server checks that it comes from this page.
 *
 * @param parameters of the path, in place of their names
 * @throws RefusedByServer with a sentence for people
 */
export function act<Name extends Change>(
  name: Name,
  body: unknown = {},
  parameters: Readonly<Record<string, string>> = {},
): Promise<Answers[Name]> {
  const [method = '', path = ''] = name.split(' ')
  return ask(
    path.replace(/:(\w+)/g, (_, of: string) => encodeURIComponent(parameters[of] ?? '')),
    {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
  )
}

interface KeptAnswer<T> {
  readonly path: string
  readonly answer: T | undefined
  readonly problem: Problem | undefined
}

const NOTHING = { path: '', answer: undefined, problem: undefined }

/** The last answer stays beside a problem; that of another question does not. */
function after<T>(kept: KeptAnswer<T>, path: string, message: Message<T>): KeptAnswer<T> {
  if ('answer' in message) return { path, answer: message.answer, problem: undefined }
  return { path, answer: kept.path === path ? kept.answer : undefined, problem: message.problem }
}

/** An answer belongs to its question: another question begins with nothing, unless the one before it is kept. */
function known<T>({ path: of, answer, problem }: KeptAnswer<T>, path: string, keep: boolean) {
  if (of === path) return { answer, problem, isOlder: false }
  return { answer: keep ? answer : undefined, problem: undefined, isOlder: keep && answer !== undefined }
}

export type EnvironmentAnswer = Answers['/environment']

export const EnvironmentContext = createContext<EnvironmentAnswer | undefined>(undefined)

export function useEnvironment(): EnvironmentAnswer {
  const shown = useContext(EnvironmentContext)
  if (!shown) throw new Error('nothing is shown before the environment is known')
  return shown
}

export function useIsOperator(): boolean {
  return useEnvironment().person.role === 'operator'
}
