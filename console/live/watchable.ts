/** Questions whose answers can be watched: once by `GET path`, and as server-sent events by `GET path/live`. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Context, Hono } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { GenericSchema, InferOutput } from 'valibot'
import { OpenStreams } from '../access/limits.ts'
import type { ConsoleHono } from '../access/person.ts'
import { problemOf } from '../api/problem.ts'
import { queryOf } from '../api/query.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { SharedAnswers } from './shared-answers.ts'

/** What goes through a stream: the answer, or why there is none at the moment. */
type Live<T> = { readonly answer: T } | { readonly problem: ReturnType<typeof problemOf> }

/** A proxy, or a laptop that was asleep, must not make a dead stream look alive; nor does a stream outlast the session. */
const HEARTBEAT_MS = 5_000

const streams = new OpenStreams()

const shared = new SharedAnswers((ms, signal) => pause(ms, undefined, { signal }).catch(() => {}))

/**
 * Adds a question that can be watched.
 *
 * @param everyMs how often it is asked while somebody watches
 * @param ask must not depend on anything but the query: all who watch get the same answer
 */
export function watchable<Schema extends GenericSchema, T>(
  routes: Hono<ConsoleHono>,
  path: string,
  { query, everyMs, environment }: { query: Schema; everyMs: number; environment: ConsoleEnvironment },
  ask: (query: InferOutput<Schema>) => Promise<T>,
): void {
  routes.get(path, async context => context.json(await ask(queryOf(query, context))))
  if (!environment.streams) return
  routes.get(path === '/' ? '/live' : `${path}/live`, context => {
    const wanted = queryOf(query, context)
    // Hono answers HEAD through this route and drops the body unread: a stream would never learn that it is over.
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

/** A question that is asked every few seconds tells of the same fault once. Called without an error, it begins anew. */
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

/** Sends one message after another. For one who reads slowly, only the newest waits: memory does not grow. */
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
