/**
 * Main module of a handler's thread. During an invocation, only the handler keeps the event loop alive, so that `beforeExit` is
 * emitted when the handler has nothing left to do.
 */
import { enableCompileCache, flushCompileCache } from 'node:module'
import process from 'node:process'
import { setImmediate } from 'node:timers'
import { parentPort, workerData } from 'node:worker_threads'
import { readEvent } from '../../packed-event.ts'
import { callHandler, type OnEmptyLoop, type OutcomeListener } from './call-handler.ts'
import { loadHandler } from './load-handler.ts'
import { removeNewerGlobals } from './node-releases.ts'
import { RuntimeFailure, reportedError, unhandledRejection } from './reported-error.ts'
import { SharedPlaces } from './shared-places.ts'
import type { Request, ThreadAnswer, ThreadData, ThreadMessage } from './thread-messages.ts'

/**
 * Maximum size of the response of a synchronous invocation, in bytes.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_RESPONSE_BYTES = 6_291_556

/** Exit codes that Lambda's runtime uses. */
const UNHANDLED_REJECTION = 128
const UNCAUGHT_EXCEPTION = 129

const port = parentPort as NonNullable<typeof parentPort>
const { places: states, ...data }: ThreadData & { readonly places: SharedArrayBuffer } = workerData
const places = new SharedPlaces(states)
/**
 * Shared memory by place. The thread reads the records before it sends the answer, because the memory may be overwritten
 * afterwards.
 */
const memories: Buffer[] = []
const waiting: Request[] = []
/** True from the start of an invocation until the next one may start. */
let isBusy = false
let isOver = false
let running: number | undefined
/** Time at which the previous invocation ended, in milliseconds since the epoch. */
let freeSinceMs = 0
/** Set while an invocation runs. */
let onEmptyLoop: OnEmptyLoop | undefined

if (data.nodeOptions === undefined) delete process.env.NODE_OPTIONS
else process.env.NODE_OPTIONS = data.nodeOptions
process.setSourceMapsEnabled(true)
process.on('uncaughtException', error => end(error, UNCAUGHT_EXCEPTION))
process.on('unhandledRejection', reason => end(unhandledRejection(reason), UNHANDLED_REJECTION))
process.on('beforeExit', () => onEmptyLoop?.())
// The thread has the variables of the function only, so it does not inherit the cache of the process.
if (data.compileCache !== undefined) enableCompileCache(data.compileCache)
removeNewerGlobals(data.runtime)
const loading = loadHandler(data)
const tellLoaded = () => {
  port.postMessage('loaded' satisfies ThreadMessage)
  // At once, because a thread or process that is killed does not write the cache.
  if (data.compileCache !== undefined) flushCompileCache()
}
loading.then(tellLoaded, tellLoaded)
port.on('message', (request: Request) => {
  if (request.memory) memories[request.place] = Buffer.from(request.memory)
  waiting.push(request)
  if (!isBusy) beginNext()
})

function beginNext(): void {
  isBusy = false
  for (let next = waiting.shift(); next && !isOver; next = waiting.shift()) {
    if (!places.take(next.place)) continue
    isBusy = true
    begin(next)
    return
  }
}

function begin(request: Request): void {
  const { place, requestId, timeoutMs, atMs } = request
  // Deadline that the plugin applies. It also limits the time for loading the handler.
  const deadlineMs = Math.max(atMs, freeSinceMs) + timeoutMs
  const outcome = new Response(place)
  running = place
  loading.then(
    handler => {
      port.unref()
      onEmptyLoop = callHandler(handler, parseEvent(request), { requestId, deadlineMs }, data, outcome)
    },
    error => outcome.failForGood(error),
  )
}

function parseEvent({ event, place }: Request): unknown {
  return typeof event === 'string' ? JSON.parse(event) : readEvent(memories[place] as Buffer, event)
}

class Response implements OutcomeListener {
  readonly #place: number
  #isSettled = false

  constructor(place: number) {
    this.#place = place
  }

  succeed(result: unknown): void {
    let ok: string
    try {
      ok = responseJson(result)
    } catch (error) {
      this.fail(error)
      return
    }
    this.#settle(place => send({ place, ok }))
  }

  fail(thrown: unknown): void {
    this.#settle(place => send({ place, error: reportedError(thrown, data.plugin), isFatal: false }))
  }

  failForGood(thrown: unknown): void {
    this.#settle(place => send({ place, error: reportedError(thrown, data.plugin), isFatal: true }))
  }

  #settle(answer: (place: number) => void): void {
    if (this.#isSettled) return
    this.#isSettled = true
    onEmptyLoop = undefined
    answer(this.#place)
  }
}

function send(answer: ThreadAnswer): void {
  isOver ||= 'error' in answer && answer.isFatal
  running = undefined
  freeSinceMs = Date.now()
  port.ref()
  port.postMessage(answer)
  // Allow pending work of the handler to run, as between any two invocations.
  if (waiting.length > 0) setImmediate(beginNext)
  else isBusy = false
}

/** Ends the thread. If an invocation is running, it fails. */
function end(thrown: unknown, exitCode: number): void {
  send({ place: running, error: reportedError(thrown, data.plugin), isFatal: true })
  process.exit(exitCode)
}

/**
 * Returns the response as JSON; null if the handler returned nothing.
 *
 * @throws RuntimeFailure if the response cannot be serialized or is too large
 */
function responseJson(result: unknown): string {
  const json = stringifyResult(result === undefined ? null : result)
  if (json === undefined) {
    const details = [`(the handler returned a ${typeof result}, which JSON cannot represent)`]
    throw new RuntimeFailure('TypeError', 'Wrong arguments', details)
  }
  // Measure the exact size only if it may exceed the limit. A character occupies at most three bytes.
  if (json.length * 3 > MAX_RESPONSE_BYTES && Buffer.byteLength(json) > MAX_RESPONSE_BYTES) {
    const message = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`
    throw new RuntimeFailure('Function.ResponseSizeTooLarge', message)
  }
  return json
}

function stringifyResult(result: unknown): string | undefined {
  try {
    // `JSON.stringify` returns undefined for a function or a symbol.
    return JSON.stringify(result)
  } catch (error) {
    // `JSON.stringify` throws for a BigInt, a circular structure, or an error in `toJSON`.
    const details = error instanceof Error ? [`${error.stack}`] : []
    throw new RuntimeFailure('Runtime.JSONStringifyError', 'Unable to stringify response body', details)
  }
}
