/** Watched queries: one stream per query, shared by all components, and closed while the page is hidden. */
import type { Problem } from '../../api/problem.ts'
import { ask, problemMeanwhile } from './ask.ts'
import { liveOf } from './search.ts'

/** The newest answer, or the problem because of which there is no answer. */
export type Message<T> = { readonly answer: T } | { readonly problem: Problem }

type Tell = (message: Message<never>) => void

/** Delay before a broken stream is opened again, in milliseconds. */
const REOPEN_MS = 2_000
/** Polling interval if streams are not supported, in milliseconds. */
const POLL_MS = 5_000

/** Starts receiving answers to a query and returns a function that stops it. */
type Source = (path: string, tell: Tell) => () => void

class Watched {
  readonly watchers = new Set<Tell>()
  readonly #begin: () => () => void
  #end: (() => void) | undefined
  #last: Message<never> | undefined

  constructor(path: string, source: Source) {
    this.#begin = () =>
      source(path, message => {
        this.#last = message
        for (const tell of this.watchers) tell(message)
      })
  }

  add(tell: Tell): void {
    this.watchers.add(tell)
    if (this.#last) tell(this.#last)
    if (this.watchers.size > 1) return
    document.addEventListener('visibilitychange', this.#look)
    this.#look()
  }

  remove(tell: Tell): void {
    this.watchers.delete(tell)
    if (this.watchers.size > 0) return
    document.removeEventListener('visibilitychange', this.#look)
    this.#stop()
  }

  /** Closes the streams while the page is hidden, because browsers limit the number of connections per server. */
  readonly #look = (): void => {
    if (document.hidden) this.#stop()
    else this.#end ??= this.#begin()
  }

  #stop(): void {
    this.#end?.()
    this.#end = undefined
  }
}

const watched = new Map<string, Watched>()

/**
 * Reports the newest answer immediately if it is known, and then each change.
 *
 * @param path path of the query under `/api`
 * @param streams true if the server supports streams; if false, the query is polled
 * @returns a function that stops watching
 */
export function watch<T>(path: string, streams: boolean, tell: (message: Message<T>) => void): () => void {
  const one = watched.get(path) ?? new Watched(path, streams ? stream : poll)
  watched.set(path, one)
  one.add(tell)
  return () => {
    one.remove(tell)
    if (one.watchers.size === 0 && watched.get(path) === one) watched.delete(path)
  }
}

function stream(path: string, tell: Tell): () => void {
  const over = new AbortController()
  let source: EventSource | undefined
  const open = () => {
    if (over.signal.aborted) return
    source = new EventSource(`/api${liveOf(path)}`)
    source.onmessage = ({ data }) => tell(JSON.parse(data))
    source.onerror = () => {
      source?.close()
      // A broken stream does not contain the reason. Send the query itself to get the reason.
      void askOnce(path, tell, over.signal).then(() => setTimeout(open, REOPEN_MS))
    }
  }
  open()
  return () => {
    over.abort()
    source?.close()
  }
}

function poll(path: string, tell: Tell): () => void {
  const over = new AbortController()
  const keepAsking = async () => {
    if (over.signal.aborted) return
    await askOnce(path, tell, over.signal)
    setTimeout(() => void keepAsking(), POLL_MS)
  }
  void keepAsking()
  return () => over.abort()
}

async function askOnce(path: string, tell: Tell, signal: AbortSignal): Promise<void> {
  try {
    const answer = await ask<never>(path, { signal })
    if (!signal.aborted) tell({ answer })
  } catch (error) {
    if (!signal.aborted) tell({ problem: problemMeanwhile(error) })
  }
}
