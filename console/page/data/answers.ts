/** Asks the console's server. All questions go through here, so that signing in, errors and streams are treated alike. */
import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../../api/problem.ts'
import { useEnvironment } from './environment.ts'

/** What is known of an answer. While the server is away, the last answer stays, beside the problem. */
export interface Answer<T> {
  readonly answer: T | undefined
  readonly problem: Problem | undefined
  /** Asks again at once. */
  readonly again: () => void
}

/** How often a page asks that cannot be told. */
const POLL_MS = 5_000
/** How soon a stream that broke is opened again. */
const REOPEN_MS = 2_000

const AWAY: Problem = {
  code: 'unavailable',
  message: 'The console does not answer: has it been stopped? It is asked again and again.',
}

/** The answer to one question, asked once for each address. @param path below `/api`, with its query */
export function useAnswer<T>(path: string): Answer<T> {
  const [state, setState] = useState<Kept<T>>(NOTHING)
  const [round, setRound] = useState(0)
  useEffect(() => {
    const over = new AbortController()
    ask<T>(path, { signal: over.signal }).then(
      answer => setState({ path, answer, problem: undefined }),
      (error: unknown) => {
        if (!over.signal.aborted) setState(kept => ({ ...keptFor(path, kept), problem: problemOf(error) }))
      },
    )
    return () => over.abort()
  }, [path, round])
  const { answer, problem } = keptFor(path, state)
  return { answer, problem, again: () => setRound(now => now + 1) }
}

/** The newest answer to a question that can be watched: by a stream where the server has one, else by asking again. */
export function useLive<T>(path: string): Answer<T> {
  const { streams } = useEnvironment()
  const [state, setState] = useState<Kept<T>>(NOTHING)
  const [round, setRound] = useState(0)
  useEffect(() => {
    const tell = (message: { answer: T } | { problem: Problem }) =>
      setState(kept =>
        'answer' in message
          ? { path, answer: message.answer, problem: undefined }
          : { ...keptFor(path, kept), problem: message.problem },
      )
    return streams ? watch<T>(path, tell) : poll<T>(path, tell)
  }, [path, streams, round])
  const { answer, problem } = keptFor(path, state)
  return { answer, problem, again: () => setRound(now => now + 1) }
}

/**
 * Asks for a change. The server checks that it comes from this page.
 *
 * @throws RefusedByServer with a sentence for people
 */
export function act<T>(
  path: string,
  body: unknown = {},
  method: 'POST' | 'PUT' | 'DELETE' = 'POST',
): Promise<T> {
  return ask<T>(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export class RefusedByServer extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

/** @throws RefusedByServer */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`/api${path}`, { ...init, credentials: 'same-origin' }).catch(error => {
    if (init.signal?.aborted) throw error
    throw new RefusedByServer(AWAY)
  })
  if (response.ok) return response.json()
  throw new RefusedByServer(await response.json().catch(() => AWAY))
}

/** The sentence of an error for people. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RefusedByServer) return error.problem
  return { code: 'fault', message: `This is a fault of the page: ${(error as Error).message}` }
}

interface Kept<T> {
  readonly path: string
  readonly answer: T | undefined
  readonly problem: Problem | undefined
}

const NOTHING = { path: '', answer: undefined, problem: undefined }

/** An answer belongs to its question: another question begins with nothing. */
function keptFor<T>(path: string, kept: Kept<T>): Kept<T> {
  return kept.path === path ? kept : { ...NOTHING, path }
}

function watch<T>(path: string, tell: (message: { answer: T } | { problem: Problem }) => void): () => void {
  let source: EventSource | undefined
  let reopening: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    const [before, query] = path.split('?')
    source = new EventSource(`/api${before}/live${query ? `?${query}` : ''}`)
    source.onmessage = ({ data }) => tell(JSON.parse(data))
    source.onerror = () => {
      source?.close()
      tell({ problem: AWAY })
      reopening = setTimeout(open, REOPEN_MS)
    }
  }
  open()
  return () => {
    source?.close()
    clearTimeout(reopening)
  }
}

function poll<T>(path: string, tell: (message: { answer: T } | { problem: Problem }) => void): () => void {
  const over = new AbortController()
  const look = async () => {
    while (!over.signal.aborted) {
      try {
        const answer = await ask<T>(path, { signal: over.signal })
        tell({ answer })
      } catch (error) {
        if (!over.signal.aborted) tell({ problem: problemOf(error) })
      }
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
  }
  void look()
  return () => over.abort()
}
