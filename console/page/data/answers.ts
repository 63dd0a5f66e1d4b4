/** Client for the console's API. All requests use it, so that sign-in, errors and streams are handled in one place. */

import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Answers } from '../../api/api.ts'
import type { Problem } from '../../api/problem.ts'
import { addressOf } from './address.ts'
import { ask, problemMeanwhile, problemOf } from './ask.ts'
import type { Parameters } from './search.ts'
import { type Message, watch } from './watched.ts'

/** Names of routes that make changes, such as `POST /alerts/silences`. All other routes are queries. */
type Change = Extract<keyof Answers, `POST ${string}`>
export type Question = Exclude<keyof Answers, Change>

/** State of a query. During an outage, it has both the last answer and the problem. */
export interface Answer<T> {
  readonly answer: T | undefined
  readonly problem: Problem | undefined
  /** True while `answer` is still the answer to the previous query. See `Asking`. */
  readonly isOlder?: boolean
  /** Repeats the query immediately. */
  readonly again: () => void
}

export interface Asking {
  /**
   * Keeps showing the previous query's answer until the new answer arrives. For lists that are paginated or filtered on the server.
   */
  readonly keep?: boolean
}

interface AskingOnce extends Asking {
  /** Repeats the query until the outage ends. */
  readonly insist?: boolean
}

const INSIST_MS = 2_000

/** Sends a query and returns its state. The query is sent again when its URL changes. */
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

/** Watches a query and returns its newest state. Uses a stream if the server supports streams, and polls otherwise. */
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

/** Requests a change. The server checks that the request comes from this page. @throws RefusedByServer with a message for users */
export function act<Name extends Change>(name: Name, body: unknown): Promise<Answers[Name]> {
  const headers = { 'content-type': 'application/json' }
  return ask(name.replace('POST ', ''), { method: 'POST', headers, body: JSON.stringify(body) })
}

interface KeptAnswer<T> {
  readonly path: string
  readonly answer: T | undefined
  readonly problem: Problem | undefined
}

const NOTHING = { path: '', answer: undefined, problem: undefined }

/** Returns the state after a message. If the message is a problem, the last answer to the same query is kept. */
function after<T>(kept: KeptAnswer<T>, path: string, message: Message<T>): KeptAnswer<T> {
  if ('answer' in message) return { path, answer: message.answer, problem: undefined }
  return { path, answer: kept.path === path ? kept.answer : undefined, problem: message.problem }
}

/** Returns the state of a query. After a change to another query, the state has no answer, unless `keep` is set. */
function known<T>({ path: of, answer, problem }: KeptAnswer<T>, path: string, keep: boolean) {
  if (of === path) return { answer, problem, isOlder: false }
  return { answer: keep ? answer : undefined, problem: undefined, isOlder: keep && answer !== undefined }
}

export type EnvironmentAnswer = Answers['/environment']

export const EnvironmentContext = createContext<EnvironmentAnswer | undefined>(undefined)

export function useEnvironment(): EnvironmentAnswer {
  const shown = useContext(EnvironmentContext)
  if (!shown) throw new Error('useEnvironment was called before the environment was loaded')
  return shown
}

export function useIsOperator(): boolean {
  return useEnvironment().person.role === 'operator'
}
