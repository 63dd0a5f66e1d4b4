/** Client for the console's API. All requests use it, so that sign-in and errors are handled in one place. */

import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import type { Answers } from '../../api/all-routes.ts'
import type { Problem } from '../../http/problem.ts'
import { buildAddress, type Parameters } from './address.ts'
import { sendRequest, toProblem, toRepeatedProblem } from './api-request.ts'

/** Names of routes that make changes, such as `POST /alerts/silences`. All other routes are queries. */
type ChangeName = Extract<keyof Answers, `POST ${string}`>
export type QueryName = Exclude<keyof Answers, ChangeName>

/** State of a query. During an outage, it has both the last answer and the problem. */
export interface QueryState<T> {
  readonly answer: T | undefined
  readonly problem: Problem | undefined
  /** True while `answer` is still the answer to the previous query. */
  readonly isOlder?: boolean
  /** Repeats the query immediately. */
  readonly again: () => void
}

export interface QueryOptions {
  /**
   * Keeps showing the previous query's answer until the new answer arrives. For lists that are paginated or filtered on the server.
   */
  readonly keep?: boolean
  /** Sends no query. */
  readonly skip?: boolean
  /** Interval of a live query, in milliseconds. */
  readonly everyMs?: number
}

/** Interval at which a live query is repeated while the page is visible, in milliseconds. */
const LIVE_MS = 4_000

/** Sends a query and returns its state. The query is sent again when its URL changes. */
export function useAnswer<Name extends QueryName>(
  name: Name,
  query: Parameters = {},
  options: QueryOptions = {},
): QueryState<Answers[Name]> {
  return useQuery(name, query, options, undefined)
}

/** Returns the newest state of a query, which is repeated while the page is visible. */
export function useLive<Name extends QueryName>(
  name: Name,
  query: Parameters = {},
  options: QueryOptions = {},
): QueryState<Answers[Name]> {
  return useQuery(name, query, options, options.everyMs ?? LIVE_MS)
}

interface LastAnswer<T> {
  readonly path: string
  readonly answer: T | undefined
  readonly problem: Problem | undefined
}

function useQuery<Name extends QueryName>(
  name: Name,
  query: Parameters,
  { keep = false, skip = false }: QueryOptions,
  everyMs: number | undefined,
): QueryState<Answers[Name]> {
  const path = buildAddress(name, query)
  const [last, setLast] = useState<LastAnswer<Answers[Name]>>({
    path: '',
    answer: undefined,
    problem: undefined,
  })
  const [round, setRound] = useState(0)
  useEffect(() => {
    if (skip) return
    const over = new AbortController()
    const { signal } = over
    const askOnce = async () => {
      try {
        const answer = await sendRequest<Answers[Name]>(path, { signal })
        if (!signal.aborted) setLast({ path, answer, problem: undefined })
      } catch (error) {
        const problem = everyMs === undefined ? toProblem(error) : toRepeatedProblem(error)
        // The last answer to the same query stays below the problem.
        if (!signal.aborted)
          setLast(before => ({ path, answer: before.path === path ? before.answer : undefined, problem }))
      }
    }
    const repeat = async () => {
      await askOnce()
      while (everyMs !== undefined && !signal.aborted) {
        await new Promise(resolve => setTimeout(resolve, everyMs))
        if (!signal.aborted && !document.hidden) await askOnce()
      }
    }
    void repeat()
    return () => over.abort()
  }, [path, everyMs, round, skip])
  const again = () => setRound(now => now + 1)
  if (last.path === path) return { answer: last.answer, problem: last.problem, again }
  const answer = keep ? last.answer : undefined
  return { answer, problem: undefined, isOlder: answer !== undefined, again }
}

/** Requests a change. The server checks that the request comes from this page. @throws RefusedByServer with a message for users */
export function makeChange<Name extends ChangeName>(name: Name, body: unknown): Promise<Answers[Name]> {
  const headers = { 'content-type': 'application/json' }
  return sendRequest(name.replace('POST ', ''), { method: 'POST', headers, body: JSON.stringify(body) })
}

export const EnvironmentContext = createContext<Answers['/environment'] | undefined>(undefined)

export function useEnvironment(): Answers['/environment'] {
  const environment = useContext(EnvironmentContext)
  if (!environment) throw new Error('useEnvironment was called before the environment was loaded')
  return environment
}

export function useIsOperator(): boolean {
  return useEnvironment().person.role === 'operator'
}
