/** Queries that can be watched: `GET path` returns one response, `GET path/live` streams responses as server-sent events. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Context, Hono } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { GenericSchema, InferOutput } from 'valibot'
import { OpenStreams } from '../access/limits.ts'
import type { ConsoleHono } from '../access/person.ts'
import { problemOf } from '../api/problem.ts'
import { queryOf } from '../api/query.ts'
import type { ConsoleEnvironment } from '../environment.ts'

/** Message of a stream: the answer, or the problem because of which there is no answer. */
type Live<T> = { readonly answer: T } | { readonly problem: ReturnType<typeof problemOf> }

/**
 * Interval in milliseconds at which the last message is sent again and the session is checked. Clients detect a broken stream by
 * missing messages.
 */
const HEARTBEAT_MS = 5_000

const streams = new OpenStreams()

/**
 * Adds a query that can be watched.
 *
 * @param everyMs refresh interval while a page is open
 * @param ask runs the query. Its answer must depend only on the query parameters, because all watchers share it.
 */
export function watchable<Schema extends GenericSchema, T>(
  routes: Hono<ConsoleHono>,
  path: string,
  { query, everyMs, environment }: { query: Schema; everyMs: number; environment: ConsoleEnvironment },
  ask: (query: InferOutput<Schema>) => Promise<T>,
): void {
  routes.get(path, async context => context.json(await ask(queryOf(query, context))))
  if (!environment.streams) return
  routes.get(`${path}/live`, context => {
    const wanted = queryOf(query, context)
    // Hono also calls this handler for HEAD requests, whose body it never reads. A stream would not detect the end of such a
    // request.
    if (context.req.method !== 'GET') return context.body(null, 200, { 'content-type': 'text/event-stream' })
    const key = context.req.url
    const told = onceInARow(context.get('told'))
    const answered = async () => JSON.stringify(await answerOf(() => ask(wanted), told))
    return streamed(context, tell => shared.watch(key, answered, everyMs, tell))
  })
}

async function answerOf<T>(ask: () => Promise<T>, told: (error?: unknown) => void): Promise<Live<T>> {
  try {
    const answer = await ask()
    told()
    return { answer }
  } catch (error) {
    const problem = problemOf(error)
    told(problem.code === 'fault' ? error : undefined)
    return { problem }
  }
}

/**
 * Returns a function that reports consecutive occurrences of the same error only once. Calling the function without an error resets
 * it.
 */
function onceInARow(told: (error: unknown) => void): (error?: unknown) => void {
  let last: string | undefined
  return error => {
    const message = error === undefined ? undefined : String(error)
    if (error !== undefined && message !== last) told(error)
    last = message
  }
}

function streamed(
  context: Context<ConsoleHono>,
  watch: (tell: (json: string) => void) => () => void,
): Response {
  const leave = streams.enter(context.get('person'))
  return streamSSE(context, async stream => {
    const closed = Promise.withResolvers<void>()
    const newest = new Newest(stream)
    const end = watch(json => newest.tell(json))
    const isStillSignedIn = context.get('isStillSignedIn')
    const heartbeat = setInterval(async () => {
      if (await isStillSignedIn()) await stream.write(': still here\n\n')
      else closed.resolve()
    }, HEARTBEAT_MS)
    stream.onAbort(() => closed.resolve())
    await closed.promise
    clearInterval(heartbeat)
    end()
    leave()
  })
}

/**
 * Sends messages one at a time. If the client is slow, only the newest unsent message is kept, so that memory use stays constant.
 */
class Newest {
  readonly #stream: SSEStreamingApi
  #waiting: string | undefined
  #isSending = false

  constructor(stream: SSEStreamingApi) {
    this.#stream = stream
  }

  tell(json: string): void {
    this.#waiting = json
    if (!this.#isSending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    while (this.#waiting !== undefined && !this.#stream.aborted) {
      const data = this.#waiting
      this.#waiting = undefined
      await this.#stream.writeSSE({ data })
    }
    this.#isSending = false
  }
}

/** Callback that receives the JSON of an answer or a problem after each change. */
type Tell = (json: string) => void

interface Watched {
  readonly watchers: Set<Tell>
  /** Aborts the pause between two queries; absent while a query is running. */
  pause?: AbortController
  last: string | undefined
}

export class SharedAnswers {
  readonly #watched = new Map<string, Watched>()
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>

  /** Creates the shared answers. @param wait waits for a time; resolves earlier if the signal is aborted */
  constructor(wait: (ms: number, signal: AbortSignal) => Promise<void>) {
    this.#wait = wait
  }

  /**
   * Reports the current answer, and then each change.
   *
   * @param key identifies the query
   * @param ask runs the query; never called concurrently
   * @returns a function that stops watching
   */
  watch(key: string, ask: () => Promise<string>, everyMs: number, tell: Tell): () => void {
    const known = this.#watched.get(key)
    const watched: Watched = known ?? { watchers: new Set(), last: undefined }
    watched.watchers.add(tell)
    if (watched.last !== undefined) tell(watched.last)
    if (!known) {
      this.#watched.set(key, watched)
      void this.#keepAsking(key, watched, ask, everyMs)
    }
    return () => {
      watched.watchers.delete(tell)
      if (watched.watchers.size === 0) watched.pause?.abort()
    }
  }

  /**
   * Repeats the query while it is watched. If the last watcher stops while a query is running, the query continues, and new
   * watchers receive its answer.
   */
  async #keepAsking(
    key: string,
    watched: Watched,
    ask: () => Promise<string>,
    everyMs: number,
  ): Promise<void> {
    while (watched.watchers.size > 0) {
      const json = await ask()
      if (json !== watched.last) {
        watched.last = json
        for (const tell of watched.watchers) tell(json)
      }
      if (watched.watchers.size === 0) break
      watched.pause = new AbortController()
      await this.#wait(everyMs, watched.pause.signal)
      delete watched.pause
    }
    this.#watched.delete(key)
  }
}

const shared = new SharedAnswers((ms, signal) => pause(ms, undefined, { signal }).catch(() => {}))
